;; Gives a page of a kind that there is not.
(func $render (param $props i32) (param $length i32) (result i32)
  (call $answer (i32.const 0) (i32.const 2) (i32.const 0) (i32.const 0)))
