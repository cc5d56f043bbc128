;; Gives its props as the page, and loops for ever when it is told that the page has been taken.
(func (export "cabi_post_dayfly:sandbox/renderer@0.1.0#render") (param $answer i32)
  (loop $again (br $again)))

(func $render (param $props i32) (param $length i32) (result i32)
  (call $text (local.get $props) (local.get $length)))
