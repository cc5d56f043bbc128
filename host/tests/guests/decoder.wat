;; Calls the URL that its props are, and says that the body has become ten bytes longer; gives "counted", or why it may not.
(data (i32.const 256) "GET")
(data (i32.const 260) "counted")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $begin
    (i32.const 256) (i32.const 3) (local.get $props) (local.get $length) (i32.const 0) (i32.const 0)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512))
  (call $wait (i32.const 0) (i64.const 0) (i32.const 512))
  (call $decoded (i32.load (i32.const 516)) (i64.const 10) (i32.const 600))
  (if (i32.load8_u (i32.const 600))
    (then (return (call $text (i32.load (i32.const 608)) (i32.load (i32.const 612))))))
  (call $text (i32.const 260) (i32.const 7)))
