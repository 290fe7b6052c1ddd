<?php

namespace PaymentBridge\PrestaShop;

/**
 * Times for people: in the shop's time zone, as PrestaShop writes those of its orders; the database may have another.
 */
final class Moment
{
    /**
     * Return a moment as people of the back office read it.
     *
     * @param int|string $unix seconds, as UNIX_TIMESTAMP gives them
     */
    public static function told($unix): string
    {
        return date('Y-m-d H:i:s', (int) $unix);
    }
}
