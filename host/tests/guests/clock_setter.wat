;; Sets the clock, which no contract of ours lets it.
(func $render (param $props i32) (param $length i32) (result i32)
  (call $set_clock (i64.const 0))
  (call $text (local.get $props) (local.get $length)))
