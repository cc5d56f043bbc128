;; Writes a line, and says that its calls were nested too deep.
(data (i32.const 256) "before")
(data (i32.const 272) "RangeError")
(data (i32.const 320) "    at deeper (app.js:1:2)")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $line (i32.const 256) (i32.const 6))
  (call $put (i32.const 16) (i32.const 0) (i32.const 0))
  (call $put (i32.const 24) (i32.const 320) (i32.const 26))
  (call $put (i32.const 32) (i32.const 0) (i32.const 0))
  (call $failure (i32.const 2) (i32.const 272) (i32.const 10)))
