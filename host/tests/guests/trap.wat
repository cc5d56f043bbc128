;; Writes a line, and traps.
(data (i32.const 256) "before")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $line (i32.const 256) (i32.const 6))
  (unreachable))
