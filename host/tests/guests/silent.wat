;; Says that it has answered, and has not.
(func $handle (param $url i32) (param $length i32) (result i32) (call $done))
