;; Writes a line, and calls itself as deep as its props say; of 0, without end.
(data (i32.const 256) "before")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $line (i32.const 256) (i32.const 6))
  (i32.store (i32.const 256) (call $deeper (call $number (local.get $props) (local.get $length))))
  (call $text (local.get $props) (local.get $length)))

(func $deeper (param $left i32) (result i32)
  (local.set $left (i32.sub (local.get $left) (i32.const 1)))
  (if (result i32) (local.get $left)
    (then (i32.add (call $deeper (local.get $left)) (i32.const 1)))
    (else (i32.const 1))))
