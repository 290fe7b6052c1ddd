<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\Signature;

/**
 * What a test of a shop's module does with the notifications of contract/*.json; the same files are played against the
 * API in Python.
 */
trait ContractCases
{
    /** Seconds at which all notifications of a contract arrive. */
    private static $now = 1800000000;

    /**
     * Return a file of the module's contract/, decoded.
     */
    abstract protected static function contract($name);

    public static function notifications()
    {
        $contract = self::contract('notifications');
        foreach ($contract['notifications'] as $case) {
            $changes = $case['changes'] ?? [];
            $changes = is_string($changes) ? $contract[$changes] : $changes;
            yield $case['name'] => [$case, $changes + $contract['payment']];
        }
    }

    /**
     * Return a case as it comes over the wire: headers and body.
     *
     * @return array{0: array<string, string>, 1: string}
     */
    private static function told(array $case, array $payment, $secret)
    {
        $data = $case['type'] === 'shop.test' ? [] : ['payment' => $payment];
        $body = json_encode(['id' => 'evt_1', 'type' => $case['type'], 'sequence' => $payment['sequence'], 'data' => $data]);
        $at = (string) (self::$now - ($case['age'] ?? 0));
        $signature = isset($case['forged']) ? 'v1,AAAA' : Signature::sign($secret, 'evt_1', $at, $body);
        return [['webhook-id' => 'evt_1', 'webhook-timestamp' => $at, 'webhook-signature' => $signature], $body];
    }
}
