;; Gives its props as the page.
(func $render (param $props i32) (param $length i32) (result i32)
  (call $text (local.get $props) (local.get $length)))
