;; Starts a response and says that it has answered.
(func $handle (param $url i32) (param $length i32) (result i32)
  (call $start (i32.const 200) (i32.const 0) (i32.const 0))
  (call $done))
