<?php

namespace PaymentBridge\PrestaShop\Tests;

use PHPUnit\Framework\TestCase;

/**
 * What PrestaShop itself does after a payment was booked may break: its mails make the invoice, and other modules hang on its hooks.
 * The bridge is told so, and what was not done follows when it repeats the notification, or with the cron job.
 */
final class MailingTest extends TestCase
{
    /** @var House */
    private $house;

    protected function setUp(): void
    {
        $this->house = new House();
        $this->house->attempt($this->house->order());
        $this->house->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
    }

    public function testNotificationWhoseInvoiceBreaksIs500AndTheMailFollowsOnce()
    {
        \OrderHistory::$brokenInvoice = new \Error('Class "TCPDF" not found');
        self::assertSame([500, 500], [$this->house->tell(), $this->house->tell()]);
        self::assertSame(['paid', ['49.99'], []], [$this->house->placed(1)->state(), $this->house->booked(), \OrderHistory::$mails]);
        self::assertNotSame([], preg_grep('/Class .*TCPDF.* not found/', \PrestaShopLogger::$lines));
        \OrderHistory::$brokenInvoice = null;
        self::assertSame([204, 204], [$this->house->tell(), $this->house->tell()]);
        self::assertSame([['2 for 1 in language 2'], ['49.99']], [\OrderHistory::$mails, $this->house->booked()]);
        self::assertSame([House::PAID], $this->house->history(1));
    }

    public function testConfirmationThatIsKeptBackAndBreaksFollowsOnce()
    {
        $kept = ['template' => 'order_conf', 'templateVars' => ['{id_order}' => 1], 'idLang' => 1, 'subject' => 'Order', 'to' => 'a@example.com',
            'toName' => 'A', 'idShop' => 1];
        $this->house->parts->heldMail()->holding(function () use ($kept) {
            $this->house->parts->heldMail()->keep($kept);
        });
        \Mail::$broken = new \TypeError('another module');
        self::assertSame(500, $this->house->tell());
        \Mail::$broken = null;
        self::assertSame([204, 204], [$this->house->tell(), $this->house->tell()]);
        self::assertSame([1, 1], [count(\Mail::$sent), count(\OrderHistory::$mails)]);
    }

    public function testMailThatBrokeOnTheReturnPageFollowsWithTheCronJob()
    {
        \OrderHistory::$brokenInvoice = new \Error('no memory');
        $this->house->open(\PaymentBridgeReturnModuleFrontController::class, ['token' => House::token(1)]);
        self::assertSame(['paid', []], [$this->house->placed(1)->state(), \OrderHistory::$mails]);
        \OrderHistory::$brokenInvoice = null;
        $this->house->db->run("UPDATE ps_payment_bridge_due_mail SET created_at = datetime('now', '-1 hour')");
        $this->house->answer('Cron', ['key' => 'cron-key']);
        $this->house->answer('Cron', ['key' => 'cron-key']);
        self::assertCount(1, \OrderHistory::$mails);
    }

    public function testMailThatSomebodyElseSendsJustNowIsNotSentTwiceAndIsAskedForAgain()
    {
        \OrderHistory::$brokenInvoice = new \Error('no memory');
        $this->house->tell();
        \OrderHistory::$brokenInvoice = null;
        $this->house->db->run('UPDATE ps_payment_bridge_due_mail SET claimed_at = CURRENT_TIMESTAMP');
        self::assertSame([500, []], [$this->house->tell(), \OrderHistory::$mails]);
        $this->house->db->run("UPDATE ps_payment_bridge_due_mail SET claimed_at = datetime('now', '-3 minutes')");
        self::assertSame([204, 1], [$this->house->tell(), count(\OrderHistory::$mails)]);
    }

    public function testChangeThatBrokeOffInAHookIsFinishedWhenTheNotificationIsRepeated()
    {
        \OrderHistory::$crash = [House::PAID];
        self::assertSame(500, $this->house->tell());
        self::assertSame(House::PAID, (int) $this->house->db->one('SELECT current_state FROM ps_orders'), 'PrestaShop takes nothing back');
        \OrderHistory::$crash = [];
        self::assertSame(204, $this->house->tell());
        self::assertSame(['paid', [House::PAID], ['49.99'], 1], [$this->house->placed(1)->state(), $this->house->history(1), $this->house->booked(), count(\OrderHistory::$mails)]);
    }

    public function testReturnPageShowsWhatIsKnownWhateverBreaksInTheShop()
    {
        \OrderHistory::$crash = [House::PAID];
        $page = $this->house->open(\PaymentBridgeReturnModuleFrontController::class, ['token' => House::token(1)]);
        self::assertStringEndsWith('return.tpl', $page);
        self::assertNotSame([], preg_grep('/could not be asked about/', \PrestaShopLogger::$lines));
    }

    public function testMailsOfAnOrderThatIsEndedAreNoReasonToKeepIt()
    {
        $this->house->order('5.000000', 1, ['reference' => str_repeat('9', 65)]);
        \OrderHistory::$brokenInvoice = new \Error('no memory');
        $this->house->parts->visit()->start($this->house->placed(2), 'wallet', $this->house->context);
        self::assertSame('canceled', $this->house->placed(2)->state());
    }
}
