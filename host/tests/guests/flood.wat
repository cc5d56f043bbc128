;; Answers with kilobytes for as long as somebody reads them, and then ends well.
(func $handle (param $url i32) (param $length i32) (result i32)
  (call $start (i32.const 200) (i32.const 0) (i32.const 0))
  (loop $next (br_if $next (call $send (i32.const 4096) (i32.const 1024))))
  (call $finish)
  (call $done))
