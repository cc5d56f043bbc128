;; Reads behind its memory.
(func $render (param $props i32) (param $length i32) (result i32)
  (i32.load (i32.const 65536)))
