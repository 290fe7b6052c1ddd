<?php

$folder = getenv('LOCAL_BRIDGE');
$asked = [
    'method' => $_SERVER['REQUEST_METHOD'],
    'path' => $_SERVER['REQUEST_URI'],
    'headers' => array_change_key_case(getallheaders(), CASE_LOWER),
    'body' => file_get_contents('php://input'),
];
file_put_contents("$folder/asked.json", json_encode($asked) . "\n", FILE_APPEND);
$answers = json_decode(file_get_contents("$folder/answers.json"), true);
$answer = count($answers) > 1 ? array_shift($answers) : (isset($answers[0]) ? $answers[0] : [500, 'no script']);
file_put_contents("$folder/answers.json", json_encode($answers));
usleep((int) (isset($answer[3]) ? $answer[3] : 0));
http_response_code($answer[0]);
foreach (isset($answer[2]) ? $answer[2] : [] as $name => $value) {
    header("$name: $value");
}
echo is_string($answer[1]) ? $answer[1] : json_encode($answer[1]);
