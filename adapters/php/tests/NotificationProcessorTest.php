<?php

namespace PaymentBridge\Core\Tests;

use PaymentBridge\Core\BusyException;
use PaymentBridge\Core\Decision;
use PaymentBridge\Core\NoAnswerException;
use PaymentBridge\Core\NotificationProcessor;
use PaymentBridge\Core\Signature;
use PHPUnit\Framework\TestCase;

final class NotificationProcessorTest extends TestCase
{
    private const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    private const NOW = 1800000000;

    /** @var PaperShop */
    private $shop;

    /** @var array<string, array> what the bridge answers */
    private $payments = [];

    private $fetches = 0;

    protected function setUp(): void
    {
        $this->shop = new PaperShop();
        $this->shop->attempt('pay_1');
    }

    public function testTakeOfPaidMarksTheOrderPaidOnceHoweverOftenItIsTold()
    {
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        self::assertSame([204, 204], [$this->tell('evt_1'), $this->tell('evt_1')]);
        self::assertSame([[Decision::PAID], 1, 1], [$this->shop->applied, $this->shop->mails, $this->fetches]);
    }

    public function testTakeAfterTheReturnPageChangesNothing()
    {
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        $decision = $this->processor()->learn('pay_1', '100000123');
        self::assertSame([Decision::PAID, 204], [$decision, $this->tell('evt_1')]);
        self::assertSame([[Decision::PAID, Decision::NOTHING], 1], [$this->shop->applied, $this->shop->mails]);
    }

    public function testTakeOfAForgedPayloadBelievesTheBridgeNotThePayload()
    {
        $this->bridgeSays(['status' => 'pending']);
        $this->tell('evt_1', ['status' => 'paid', 'amount_captured' => 4999]);
        self::assertSame([[Decision::PENDING], 'open'], [$this->shop->applied, $this->shop->order]);
    }

    public function testTakeOfOldEventsAfterNewOnesMovesNothingBack()
    {
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'sequence' => 5]);
        $this->tell('evt_5');
        foreach ([['evt_3', 'pending', 3], ['evt_4', 'declined', 4]] as list($id, $status, $sequence)) {
            self::assertSame(204, $this->tell($id, ['status' => $status, 'sequence' => $sequence]));
        }
        self::assertSame('paid', $this->shop->order);
    }

    public function testTakeOfFailedAttemptAfterPaidSecondLeavesTheOrderPaid()
    {
        $this->shop->attempt('pay_2');
        $this->bridgeSays(['id' => 'pay_2', 'status' => 'paid', 'amount_captured' => 4999]);
        $this->bridgeSays(['id' => 'pay_1', 'status' => 'declined']);
        $this->tell('evt_2', ['id' => 'pay_2']);
        $this->tell('evt_1', ['id' => 'pay_1']);
        self::assertSame(['paid', 'pay_2'], [$this->shop->order, $this->shop->paidBy]);
    }

    public function testTakeOfFailedFirstAttemptLeavesTheSecondOpen()
    {
        $this->shop->attempt('pay_2');
        $this->bridgeSays(['id' => 'pay_1', 'status' => 'declined']);
        $this->tell('evt_1', ['id' => 'pay_1']);
        self::assertSame('open', $this->shop->order);
    }

    public function testTakeOfAnotherAmountIsAnAlertAndNoPayment()
    {
        $this->bridgeSays(['status' => 'paid', 'amount' => 1, 'amount_captured' => 1]);
        self::assertSame(204, $this->tell('evt_1'));
        self::assertSame([[Decision::ALERT_MISMATCH], 'open'], [$this->shop->applied, $this->shop->order]);
    }

    public function testTakeOfAPaymentOfAnotherShopIsDoneWithoutAQuestion()
    {
        self::assertSame([204, 0], [$this->tell('evt_1', ['id' => 'pay_9']), $this->fetches]);
    }

    public function testTakeOfATestNotificationIsDone()
    {
        $body = '{"id":"evt_t","type":"shop.test","data":{}}';
        self::assertSame(204, $this->send('evt_t', $body));
    }

    /** @dataProvider silence */
    public function testTakeWhileTheBridgeOrTheLockIsMissingAsksForARepeat($busy)
    {
        $this->shop->refusesLock = $busy;
        self::assertSame([503, []], [$this->tell('evt_1'), $this->shop->applied]);
        $this->shop->refusesLock = false;
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        self::assertSame([204, 'paid'], [$this->tell('evt_1'), $this->shop->order]);
    }

    public function silence()
    {
        return [[true], [false]];
    }

    public function testTakeOfAnAnswerOlderThanTheEventAsksForARepeat()
    {
        $this->bridgeSays(['status' => 'pending', 'sequence' => 2]);
        self::assertSame([503, []], [$this->tell('evt_1', ['sequence' => 3]), $this->shop->applied]);
    }

    public function testTakeWhenAMailFailsIsRepeatedAndTheMailFollowsAndTheLogHasNoAddress()
    {
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        $this->shop->mailFails = true;
        self::assertSame([500, 'paid', 0], [$this->tell('evt_1'), $this->shop->order, $this->shop->mails]);
        $this->shop->mailFails = false;
        self::assertSame([204, [Decision::PAID], 1], [$this->tell('evt_1'), $this->shop->applied, $this->shop->mails]);
        self::assertStringNotContainsString('customer@', implode($this->shop->log));
    }

    public function testMailThatFailedAfterTheReturnPageFollowsWithTheNotification()
    {
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        $this->shop->mailFails = true;
        self::assertSame(Decision::PAID, $this->processor()->learn('pay_1', '100000123'));
        $this->shop->mailFails = false;
        self::assertSame([204, 1], [$this->tell('evt_1'), $this->shop->mails]);
    }

    public function testTakeThatDiesInTheShopsCoreIs500AndLoggedAndDoneWhenRepeated()
    {
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999]);
        $this->shop->dies = true;
        self::assertSame([500, 'open', false], [$this->tell('evt_1'), $this->shop->order, $this->shop->locked]);
        self::assertStringContainsString('TypeError', $this->shop->log[0]);
        self::assertStringNotContainsString('customer@', $this->shop->log[0]);
        $this->shop->dies = false;
        self::assertSame([204, 'paid', 1], [$this->tell('evt_1'), $this->shop->order, $this->shop->mails]);
    }

    /** @group native */
    public function testTakeThatEndsTheScriptIs500()
    {
        $bridge = new LocalBridge(__DIR__ . '/exiting_shop_router.php');
        try {
            $context = stream_context_create(['http' => ['method' => 'GET', 'ignore_errors' => true]]);
            file_get_contents($bridge->url, false, $context);
            self::assertStringContainsString(' 500 ', $http_response_header[0]);
            self::assertStringContainsString('cut off', file_get_contents($bridge->folder() . '/log'));
        } finally {
            $bridge->stop();
        }
    }

    public function testTakeOfAPaymentOfAnotherOrderUnderThisNumberChangesNothing()
    {
        $this->bridgeSays(['status' => 'paid', 'amount_captured' => 4999, 'metadata' => ['attempt' => str_repeat('b', 64)]]);
        self::assertSame([204, [], 'open'], [$this->tell('evt_1'), $this->shop->applied, $this->shop->order]);
        self::assertStringContainsString('not of the order', $this->shop->log[0]);
    }

    public function testTakeWithHalfAPaymentFetchedAsksForARepeatAndGivesTheLockBack()
    {
        $this->payments['pay_1'] = ['id' => 'pay_1', 'status' => 'paid'];
        self::assertSame([503, false], [$this->tell('evt_1'), $this->shop->locked]);
    }

    /** @dataProvider doors */
    public function testTakeOfWhatIsNoNotificationIsRefused($status, $method, $body, $signed)
    {
        $headers = $signed ? $this->headers('evt_1', $body) : ['webhook-id' => 'evt_1'];
        $answer = $this->processor()->take($method, $headers, $body, [self::SECRET], self::NOW);
        self::assertSame([$status, []], [$answer, $this->shop->applied]);
    }

    public function doors()
    {
        $payment = json_encode(['id' => 'e', 'type' => 't', 'data' => ['payment' => ['id' => 'pay_1']]]);
        return [
            'GET' => [405, 'GET', '', false],
            'forged' => [401, 'POST', '{}', false],
            'oversized' => [413, 'POST', str_repeat('x', 262145), true],
            'no JSON' => [400, 'POST', '{', true],
            'no object' => [400, 'POST', '"x"', true],
            'no id' => [400, 'POST', '{"type":"payment.paid"}', true],
            'half a payment' => [400, 'POST', $payment, true],
            'too deep' => [400, 'POST', str_repeat('[', 200) . str_repeat(']', 200), true],
            'payment is a word' => [400, 'POST', '{"id":"e","type":"t","data":{"payment":"pay_1"}}', true],
        ];
    }

    public function testLearnWithoutTheLockThrows()
    {
        $this->shop->refusesLock = true;
        $this->expectException(BusyException::class);
        $this->processor()->learn('pay_1', '100000123');
    }

    private function bridgeSays(array $payment)
    {
        $payment += DecisionTest::payment();
        $this->payments[$payment['id']] = $payment;
    }

    private function tell($eventId, array $payment = [])
    {
        $payment += DecisionTest::payment();
        $data = ['payment' => $payment];
        $event = ['id' => $eventId, 'type' => 'payment.x', 'sequence' => $payment['sequence'], 'data' => $data];
        return $this->send($eventId, json_encode($event));
    }

    private function send($eventId, $body)
    {
        return $this->processor()->take('POST', $this->headers($eventId, $body), $body, [self::SECRET], self::NOW);
    }

    private function headers($id, $body)
    {
        $signature = Signature::sign(self::SECRET, $id, (string) self::NOW, $body);
        return ['webhook-id' => $id, 'webhook-timestamp' => (string) self::NOW, 'webhook-signature' => $signature];
    }

    private function processor()
    {
        return new NotificationProcessor($this->shop, function ($id) {
            $this->fetches++;
            if (!isset($this->payments[$id])) {
                throw new NoAnswerException('no answer');
            }
            return $this->payments[$id];
        });
    }
}
