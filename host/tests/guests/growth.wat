;; Grows its memory by as many pages as its props say, one page at a time, and gives a page that says if one is refused.
(data (i32.const 256) "refused")

(func $render (param $props i32) (param $length i32) (result i32)
  (local $left i32)
  (local.set $left (call $number (local.get $props) (local.get $length)))
  (block $end
    (loop $again
      (br_if $end (i32.eqz (local.get $left)))
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1))
        (then (return (call $text (i32.const 256) (i32.const 7)))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $again)))
  (call $text (local.get $props) (local.get $length)))
