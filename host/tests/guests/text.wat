;; Gives a page of text, as long as its props say.
(func $render (param $props i32) (param $length i32) (result i32)
  (local $size i32)
  (local.set $size (call $number (local.get $props) (local.get $length)))
  (call $text (call $filled (local.get $size) (i32.const 97)) (local.get $size)))
