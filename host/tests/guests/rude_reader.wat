;; Reads what there is not, more often than there is, and beyond the end of the request's body; then answers.
(func $handle (param $url i32) (param $length i32) (result i32)
  ;; Nothing was asked for.
  (call $nothing)
  (call $more (i32.const -1))
  (call $more (i32.const 0x7fffffff))
  (call $more (i32.add (global.get $body) (i32.const 1)))
  (call $nothing)
  ;; One piece for any number of times that it is asked for.
  (call $more (global.get $body))
  (call $more (global.get $body))
  (call $more (global.get $body))
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  (if (i32.ne (i32.load8_u (i32.const 520)) (i32.const 1)) (then (unreachable)))
  (call $nothing)
  ;; To the end.
  (loop $next
    (call $more (global.get $body))
    (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
    (br_if $next (i32.eq (i32.load8_u (i32.const 520)) (i32.const 1))))
  (if (i32.ne (i32.load8_u (i32.const 520)) (i32.const 2)) (then (unreachable)))
  (call $more (global.get $body))
  (call $nothing)
  (call $cancel (global.get $body))
  (call $cancel (i32.const -1))
  (call $more (global.get $body))
  (call $nothing)
  (call $start (i32.const 200) (i32.const 0) (i32.const 0))
  (call $finish)
  (call $done))

;; There is nothing to wait for.
(func $nothing
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  (if (i32.load8_u (i32.const 512)) (then (unreachable))))
