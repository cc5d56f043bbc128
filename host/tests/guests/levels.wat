;; Writes a line of every severity, each a group deeper than the one before, and the last with its site.
(data (i32.const 256) "text\nover two lines")
(data (i32.const 288) "app.js")

(func $render (param $props i32) (param $length i32) (result i32)
  (local $level i32)
  (loop $again
    (call $write (local.get $level) (i32.const 256) (i32.const 19) (local.get $level)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (local.set $level (i32.add (local.get $level) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $level) (i32.const 4))))
  (call $write (i32.const 4) (i32.const 256) (i32.const 4) (i32.const 4)
    (i32.const 1) (i32.const 288) (i32.const 6) (i32.const 12) (i32.const 34))
  (call $text (local.get $props) (local.get $length)))
