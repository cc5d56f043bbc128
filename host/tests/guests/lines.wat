;; Writes as many lines as its props say, of one byte each.
(data (i32.const 256) "x")

(func $render (param $props i32) (param $length i32) (result i32)
  (local $left i32)
  (local.set $left (call $number (local.get $props) (local.get $length)))
  (block $end
    (loop $again
      (br_if $end (i32.eqz (local.get $left)))
      (call $line (i32.const 256) (i32.const 1))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $again)))
  (call $text (local.get $props) (local.get $length)))
