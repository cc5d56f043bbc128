;; Writes a short line, and one as long as its props say: of é, two bytes each, and one more byte if the number is odd.
(data (i32.const 256) "before")

(func $render (param $props i32) (param $length i32) (result i32)
  (local $size i32)
  (local $start i32)
  (local $at i32)
  (local.set $size (call $number (local.get $props) (local.get $length)))
  (local.set $start (call $filled (local.get $size) (i32.const 120)))
  (call $line (i32.const 256) (i32.const 6))
  (loop $again
    (if (i32.le_u (i32.add (local.get $at) (i32.const 2)) (local.get $size))
      (then
        (i32.store16 (i32.add (local.get $start) (local.get $at)) (i32.const 0xa9c3))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br $again))))
  (call $line (local.get $start) (local.get $size))
  (call $text (local.get $props) (local.get $length)))
