<?php

namespace PaymentBridge\Core;

/**
 * Takes secrets and personal data out of what is logged.
 */
final class Redactor
{
    public const GONE = '***';
    public const DEEP = 8;
    public const NAMES = '/authorization|api_?key|secret|password|token|signature|cookie|e?mail|user_?name'
        . '|first_?name|last_?name|street|phone|address|payer/i';
    public const TEXTS = [
        '/\bBearer\s+\S+/i' => 'Bearer ***',
        '/\bwhsec_[A-Za-z0-9+\/=_-]+/' => 'whsec_***',
        '/\bsk_[A-Za-z0-9_-]{6,}/' => 'sk_***',
        '/\bchk_[A-Za-z0-9_-]+/' => 'chk_***',
        '/[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*/' => '***@***',
    ];

    /**
     * Return the same array with every secret and personal value replaced, at any depth.
     *
     * @param array<mixed> $context
     * @return array<mixed>
     */
    public static function context(array $context, $depth = 0)
    {
        $clean = [];
        foreach ($context as $name => $value) {
            $clean[$name] = self::value((string) $name, $value, $depth);
        }
        return $clean;
    }

    /**
     * Return the text without keys, secrets, checkout tokens and e-mail addresses.
     *
     * @param string $text
     * @return string
     */
    public static function text($text)
    {
        $clean = preg_replace(array_keys(self::TEXTS), array_values(self::TEXTS), (string) $text);
        return $clean === null ? self::GONE : $clean;
    }

    private static function value($name, $value, $depth)
    {
        if (preg_match(self::NAMES, $name) || $depth > self::DEEP) {
            return self::GONE;
        }
        if (is_array($value)) {
            return self::context($value, $depth + 1);
        }
        if ($value === null || is_scalar($value)) {
            return is_string($value) ? self::text($value) : $value;
        }
        return self::GONE; // an object's text may be anything
    }
}
