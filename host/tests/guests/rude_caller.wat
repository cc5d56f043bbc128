;; Asks for what there is not, ends what it did not begin, and waits for nothing; then as the host expects it, once.
(data (i32.const 256) "GETdone")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  (if (i32.load8_u (i32.const 512)) (then (unreachable)))
  (call $more (i32.const 7))
  (call $cancel (i32.const 7))
  (call $cancel (i32.const -1))
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  (call $begin
    (i32.const 256) (i32.const 3) (local.get $props) (local.get $length) (i32.const 0) (i32.const 0)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512))
  ;; Before there is a head.
  (call $more (i32.load (i32.const 516)))
  (call $more (i32.load (i32.const 516)))
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  ;; A head, and one piece for any number of times that it is asked for.
  (if (i32.load8_u (i32.const 520)) (then (unreachable)))
  (call $more (i32.load (i32.const 516)))
  (call $more (i32.load (i32.const 516)))
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  (if (i32.ne (i32.load8_u (i32.const 520)) (i32.const 1)) (then (unreachable)))
  ;; Nothing was asked for.
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  (if (i32.load8_u (i32.const 512)) (then (unreachable)))
  (call $more (i32.const 0))
  (call $cancel (i32.const 0))
  (call $cancel (i32.const 0))
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  (if (i32.load8_u (i32.const 512)) (then (unreachable)))
  (call $text (i32.const 259) (i32.const 4)))
