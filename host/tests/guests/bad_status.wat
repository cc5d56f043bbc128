;; Answers with a status that is for a connection and no response: 101.
(func $handle (param $url i32) (param $length i32) (result i32)
  (call $start (i32.const 101) (i32.const 0) (i32.const 0))
  (call $finish)
  (call $done))
