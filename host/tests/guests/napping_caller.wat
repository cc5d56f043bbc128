;; Calls the URL that its props are, and waits for it 20 ms at a time; gives how often nothing had come.
(data (i32.const 256) "GET")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $begin
    (i32.const 256) (i32.const 3) (local.get $props) (local.get $length) (i32.const 0) (i32.const 0)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512))
  (if (i32.load8_u (i32.const 512))
    (then (return (call $text (i32.load (i32.const 520)) (i32.load (i32.const 524))))))
  (loop $next
    (call $wait (i32.const 1) (i64.const 20000000) (i32.const 512))
    (if (i32.load8_u (i32.const 512))
      (then (return (call $bytes (i32.const 640) (i32.const 4)))))
    (i32.store (i32.const 640) (i32.add (i32.load (i32.const 640)) (i32.const 1)))
    (br $next))
  (unreachable))
