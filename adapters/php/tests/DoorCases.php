<?php

namespace PaymentBridge\Core\Tests;

/**
 * What comes to the address where a shop takes notifications, and the status that each is answered with.
 */
final class DoorCases
{
    /**
     * Return status, verb, body, age in seconds, and the secret that signs, by name.
     *
     * @param string $secret of the shop
     */
    public static function notifications($secret)
    {
        $test = '{"id":"evt_1","type":"shop.test","data":{}}';
        $other = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
        return [
            'good' => [204, 'POST', $test, 0, $secret],
            'old' => [401, 'POST', $test, 400, $secret],
            'forged' => [401, 'POST', $test, 0, $other],
            'oversized' => [413, 'POST', str_repeat('x', 300000), 0, $secret],
            'malformed' => [400, 'POST', '{', 0, $secret],
            'GET' => [405, 'GET', '', 0, $secret],
        ];
    }
}
