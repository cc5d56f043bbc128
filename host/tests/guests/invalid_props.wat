;; Writes a line, and says that its props are no JSON.
(data (i32.const 256) "before")
(data (i32.const 272) "unexpected token at 1")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $line (i32.const 256) (i32.const 6))
  (call $failure (i32.const 4) (i32.const 272) (i32.const 21)))
