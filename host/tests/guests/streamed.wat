;; Answers with two pieces and a nap between them.
(data (i32.const 256) "x-guestyes")
(data (i32.const 272) "\00\01\00\00\07\00\00\00\07\01\00\00\03\00\00\00")
(data (i32.const 288) "firstsecond")

(func $handle (param $url i32) (param $length i32) (result i32)
  (call $start (i32.const 201) (i32.const 272) (i32.const 1))
  (drop (call $send (i32.const 288) (i32.const 5)))
  (call $sleep (i64.const 50000000))
  (drop (call $send (i32.const 293) (i32.const 6)))
  (call $finish)
  (call $sleep (i64.const 1000000))
  (call $done))
