<?php

namespace PaymentBridge\Core;

/**
 * Is this notification really from the bridge? Standard Webhooks 1.0, symmetric.
 *
 * The bytes that arrived are what is signed: check them before anybody parses them. During a change of the secret
 * there may be several secrets here and several signatures there.
 */
final class Signature
{
    public const TOLERANCE = 300; // seconds, both ways
    public const SHORTEST = 24; // bytes of a key

    /**
     * Return if one signature fits one secret and the timestamp is fresh; throw RefusedException (401) if not.
     *
     * @param array<string, string> $headers webhook-id, webhook-timestamp, webhook-signature, in any case of letters
     * @param string $body the raw bytes
     * @param string[] $secrets whsec_…, one or several
     * @param int $now Unix seconds
     */
    public static function verify(array $headers, $body, array $secrets, $now)
    {
        $headers = array_change_key_case($headers, CASE_LOWER);
        $id = self::header($headers, 'webhook-id');
        $timestamp = self::header($headers, 'webhook-timestamp');
        if ($id === '' || strlen($id) > 255 || strpos($id, '.') !== false) {
            throw new RefusedException('webhook-id is missing or malformed', 401);
        }
        if (!preg_match('/\A[0-9]{1,12}\z/', $timestamp) || abs($now - (int) $timestamp) > self::TOLERANCE) {
            throw new RefusedException('webhook-timestamp is missing, malformed or too far from now', 401);
        }
        $given = array_slice(explode(' ', self::header($headers, 'webhook-signature')), 0, 16);
        if (!self::anyFits($given, self::signatures($secrets, $id, $timestamp, $body))) {
            throw new RefusedException('no signature fits', 401);
        }
    }

    /**
     * Return the signature header's entry for these bytes.
     *
     * @param string $secret
     * @param string $id
     * @param string $timestamp Unix seconds
     * @param string $body
     * @return string
     */
    public static function sign($secret, $id, $timestamp, $body)
    {
        $mac = hash_hmac('sha256', $id . '.' . $timestamp . '.' . $body, self::key($secret), true);
        return 'v1,' . base64_encode($mac);
    }

    /**
     * Tell whether the text is a notification secret: whsec_ and at least 24 bytes in Base64.
     *
     * @param mixed $secret
     * @return bool
     */
    public static function isSecret($secret)
    {
        if (!is_string($secret) || strncmp($secret, 'whsec_', 6) !== 0) {
            return false;
        }
        $key = base64_decode(substr($secret, 6), true);
        return $key !== false && strlen($key) >= self::SHORTEST;
    }

    private static function key($secret)
    {
        if (!self::isSecret($secret)) {
            throw new \InvalidArgumentException('A notification secret is whsec_ and at least 24 bytes in Base64.');
        }
        return base64_decode(substr($secret, 6), true);
    }

    private static function signatures(array $secrets, $id, $timestamp, $body)
    {
        $all = [];
        foreach (array_filter($secrets, [self::class, 'isSecret']) as $secret) {
            $all[] = self::sign($secret, $id, $timestamp, $body);
        }
        return $all;
    }

    private static function anyFits(array $given, array $expected)
    {
        $fits = false;
        foreach ($expected as $one) {
            foreach ($given as $other) {
                // No early exit: the time taken must not tell which of them came close.
                $fits = hash_equals($one, $other) || $fits;
            }
        }
        return $fits;
    }

    private static function header(array $headers, $name)
    {
        return isset($headers[$name]) && is_string($headers[$name]) ? $headers[$name] : '';
    }
}
