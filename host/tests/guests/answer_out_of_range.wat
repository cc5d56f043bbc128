;; Gives an answer that ends behind its memory.
(func $render (param $props i32) (param $length i32) (result i32)
  (i32.const 65532))
