;; Answers with a header whose value has a line break, and so would be two headers.
(data (i32.const 256) "aone\nb: two")
(data (i32.const 272) "\00\01\00\00\01\00\00\00\01\01\00\00\0a\00\00\00")
(func $handle (param $url i32) (param $length i32) (result i32)
  (call $start (i32.const 200) (i32.const 272) (i32.const 1))
  (call $finish)
  (call $done))
