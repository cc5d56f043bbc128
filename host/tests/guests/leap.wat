;; Grows its memory by as many pages as its props say, at once, and gives a page that says if that is refused.
(data (i32.const 256) "refused")

(func $render (param $props i32) (param $length i32) (result i32)
  (if (i32.eq (memory.grow (call $number (local.get $props) (local.get $length))) (i32.const -1))
    (then (return (call $text (i32.const 256) (i32.const 7)))))
  (call $text (local.get $props) (local.get $length)))
