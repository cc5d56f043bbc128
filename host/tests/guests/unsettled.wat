;; Writes a line, and says that its promise can never settle.
(data (i32.const 256) "before")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $line (i32.const 256) (i32.const 6))
  (call $failure (i32.const 1) (i32.const 0) (i32.const 0)))
