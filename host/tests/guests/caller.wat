;; Calls the URL that its props are, and gives the body as its page; or why there is none.
(data (i32.const 256) "GET")

(func $render (param $props i32) (param $length i32) (result i32)
  (local $end i32)
  (drop (memory.grow (i32.const 63)))
  (local.set $end (i32.const 2097152))
  (call $begin
    (i32.const 256) (i32.const 3) (local.get $props) (local.get $length) (i32.const 0) (i32.const 0)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512))
  (if (i32.load8_u (i32.const 512))
    (then (return (call $text (i32.load (i32.const 520)) (i32.load (i32.const 524))))))
  (loop $next
    (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
    ;; A failure.
    (if (i32.eq (i32.load8_u (i32.const 520)) (i32.const 3))
      (then (return (call $text (i32.load (i32.const 528)) (i32.load (i32.const 532))))))
    ;; The end.
    (if (i32.eq (i32.load8_u (i32.const 520)) (i32.const 2))
      (then (return (call $text (i32.const 2097152) (i32.sub (local.get $end) (i32.const 2097152))))))
    ;; A piece.
    (if (i32.eq (i32.load8_u (i32.const 520)) (i32.const 1))
      (then
        (memory.copy (local.get $end) (i32.load (i32.const 524)) (i32.load (i32.const 528)))
        (local.set $end (i32.add (local.get $end) (i32.load (i32.const 528))))))
    (call $more (i32.load (i32.const 516)))
    (br $next))
  (unreachable))
