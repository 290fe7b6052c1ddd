<?php

namespace PaymentBridge\Core;

/**
 * Whose payment is it? Every attempt has a random token, and the bridge shows it with the payment: in `metadata`, and in
 * payments that were made before that in `return_url`. Number, amount and currency of an order prove nothing: a shop
 * that was cloned, restored or renumbered sells the same number again.
 */
final class Mark
{
    public const NAME = 'attempt'; // of the member of `metadata`
    public const LONGEST = 64; // characters of an order's reference, the API's limit
    private const SHORTEST = 16; // letters of a token; the modules' have 64
    private const PATTERN = '/(?:~[0-9a-f]{8})+\z/'; // what `reference` puts behind a number

    /**
     * Tell whether a payment, as the API shows it, was asked for by the attempt with this token.
     *
     * @param array<string, mixed> $payment
     */
    public static function isOn(array $payment, string $token): bool
    {
        if (strlen($token) < self::SHORTEST) {
            return false;
        }
        if (isset($payment['metadata'][self::NAME])) {
            return $payment['metadata'][self::NAME] === $token;
        }
        $home = isset($payment['return_url']) ? $payment['return_url'] : null;
        return is_string($home) && strpos($home, $token) !== false;
    }

    /**
     * Return the reference of an order whose number is taken at the bridge by a payment of somebody else: the number and
     * a short mark. Throws UnsendableException if there is no room for it.
     */
    public static function reference(string $number, string $token): string
    {
        $reference = $number . '~' . substr(hash('sha256', $token), 0, 8);
        self::check($reference);
        return $reference;
    }

    /**
     * Tell whether a reference is not the order's number alone.
     */
    public static function isMarked(string $reference): bool
    {
        return preg_match(self::PATTERN, $reference) === 1;
    }

    /**
     * Return the number in a reference, without marks: one for all references that an order ever has.
     */
    public static function number(string $reference): string
    {
        return preg_replace(self::PATTERN, '', $reference);
    }

    /**
     * Throw UnsendableException if the bridge cannot take a reference.
     */
    public static function check(string $reference): void
    {
        // Characters are what the API counts; text that is no UTF-8 has none.
        if (!preg_match('/\A.{1,' . self::LONGEST . '}\z/us', $reference)) {
            $most = sprintf('The order number has more than %d characters, or is no UTF-8 text.', self::LONGEST);
            throw new UnsendableException('order_reference_not_possible', $most);
        }
    }
}
