;; Answers with a status that is none.
(func $handle (param $url i32) (param $length i32) (result i32)
  (call $start (i32.const 1000) (i32.const 0) (i32.const 0))
  (call $finish)
  (call $done))
