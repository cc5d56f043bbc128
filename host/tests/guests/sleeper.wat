;; Writes a line, sleeps for as many milliseconds as its props say, and gives the props as the page.
(data (i32.const 256) "before")

(func $render (param $props i32) (param $length i32) (result i32)
  (call $line (i32.const 256) (i32.const 6))
  (call $sleep
    (i64.mul (i64.extend_i32_u (call $number (local.get $props) (local.get $length))) (i64.const 1000000)))
  (call $text (local.get $props) (local.get $length)))
