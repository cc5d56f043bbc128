;; Answers with the request's body: with 201 if it is there, with 200 as it comes, and at last why it broke off if it did.
(func $handle (param $url i32) (param $length i32) (result i32)
  (call $start (select (i32.const 200) (i32.const 201) (global.get $is_streamed)) (i32.const 0) (i32.const 0))
  (if (global.get $is_streamed)
    (then
      (loop $next
        (call $more (global.get $body))
        (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
        ;; A failure.
        (if (i32.eq (i32.load8_u (i32.const 520)) (i32.const 3))
          (then (drop (call $send (i32.load (i32.const 528)) (i32.load (i32.const 532))))))
        ;; A piece.
        (if (i32.eq (i32.load8_u (i32.const 520)) (i32.const 1))
          (then
            (drop (call $send (i32.load (i32.const 524)) (i32.load (i32.const 528))))
            (br $next)))))
    (else (drop (call $send (global.get $body) (global.get $body_length)))))
  (call $finish)
  (call $done))
