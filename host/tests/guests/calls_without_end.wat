;; Begins call after call to the URL that its props are, and waits for none, until it has begun a thousand or one is
;; refused as one too many.
(data (i32.const 256) "GET")

(func $render (param $props i32) (param $length i32) (result i32)
  (local $count i32)
  (loop $next
    (call $begin
      (i32.const 256) (i32.const 3) (local.get $props) (local.get $length) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512))
    (local.set $count (i32.add (local.get $count) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $count) (i32.const 1000))))
  (if (i32.load8_u (i32.const 512))
    (then (return (call $text (i32.load (i32.const 520)) (i32.load (i32.const 524))))))
  (call $text (local.get $props) (local.get $length)))
