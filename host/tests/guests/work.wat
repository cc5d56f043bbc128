;; Adds up as many numbers as its props say.
(func $render (param $props i32) (param $length i32) (result i32)
  (local $left i32)
  (local $sum i32)
  (local.set $left (call $number (local.get $props) (local.get $length)))
  (loop $again
    (local.set $sum (i32.add (local.get $sum) (local.get $left)))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br_if $again (local.get $left)))
  (i32.store (i32.const 256) (local.get $sum))
  (call $bytes (i32.const 256) (i32.const 4)))
