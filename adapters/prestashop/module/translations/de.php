<?php

/*
 * PrestaShop's own format: the key is the file and the md5 sum of the English text.
 */

global $_MODULE;

$_MODULE = [];

$_MODULE['<{paymentbridge}prestashop>addresses_d2616f081d80ac1458da8ead743d9483'] = 'Bestellung %s';

$_MODULE['<{paymentbridge}prestashop>connection_2f4989b7983b18077c2782f3268fba9b'] = 'Verbunden als %1 (%2), aber die Testnachricht kam nicht an.';
$_MODULE['<{paymentbridge}prestashop>connection_a4a476698e8e85a315eba87be25dd6f2'] = 'Verbunden als %1 (%2). Die Testnachricht kam an.';
$_MODULE['<{paymentbridge}prestashop>connection_2427bdba3ed5c55e3279afd375155977'] = 'Lassen Sie diese Adresse alle zehn Minuten aufrufen; sie kümmert sich um Bestellungen, von denen niemand gehört hat:';
$_MODULE['<{paymentbridge}prestashop>connection_3b606203558c1210a9b2579d6e9d7c14'] = 'Noch ist keine Benachrichtigung über eine Zahlung angekommen.';
$_MODULE['<{paymentbridge}prestashop>connection_a274f4d4670213a9045ce258c6c56b80'] = 'Benachrichtigungen';
$_MODULE['<{paymentbridge}prestashop>connection_82a0d13597351c4e115a4bca6ba7eee6'] = 'Mehrere Shops sind gewählt: Was Sie hier speichern, gilt für alle, die keine eigene Einstellung haben.';
$_MODULE['<{paymentbridge}prestashop>connection_43576f87e62ced38eb3c77189fca8e25'] = 'Nennen Sie diese Adresse dem Betreiber Ihrer Bridge:';
$_MODULE['<{paymentbridge}prestashop>connection_3659a78ded0f749070a64938504a32a7'] = 'Gespeichertes testen';
$_MODULE['<{paymentbridge}prestashop>connection_0fe9bf166da42e6d8a5bf0a47d2a92ec'] = 'Die letzte Benachrichtigung wurde verarbeitet:';
$_MODULE['<{paymentbridge}prestashop>connection_d0dbe915091d400bd8ee7f27f0791303'] = 'echt';
$_MODULE['<{paymentbridge}prestashop>connection_ce5f5940778cbaaa9427add959f550c6'] = 'Testbetrieb, kein echtes Geld';

$_MODULE['<{paymentbridge}prestashop>frame_ebe329457cc5fe52dac0cab7b5f9d13a'] = 'Zurück zum Shop';
$_MODULE['<{paymentbridge}prestashop>frame_97d855bf7838d7f2b12f15f3e22ab87f'] = 'Bezahlseite öffnen';
$_MODULE['<{paymentbridge}prestashop>frame_e8d0c6823d5e1f9258a1154935c36dd3'] = 'Bestellung %s bezahlen';

$_MODULE['<{paymentbridge}prestashop>giveup_55dda718c4abfbf6b9b97f1e6baf2cd4'] = 'Der Zahlungsdienst antwortet gerade nicht. Bitte versuchen Sie es noch einmal.';

$_MODULE['<{paymentbridge}prestashop>notes_a50ab5163784009cef971a1c7ccfbd2c'] = 'Nur %s dieser Bestellung wurden eingezogen. Die Bestellung ist nicht bezahlt.';
$_MODULE['<{paymentbridge}prestashop>notes_3af0bea0e5e3550224b5a74819fac117'] = 'Bezahlt: %s.';
$_MODULE['<{paymentbridge}prestashop>notes_0ad531e5f125eea4edf652746a9f8aa0'] = 'Zahlung %s lautet auf einen anderen Betrag, eine andere Währung oder Bestellung. Nichts wurde geändert.';
$_MODULE['<{paymentbridge}prestashop>notes_eebc0d9c6594555a890f4b4ecdb29840'] = 'Bisher erstattet: %s.';
$_MODULE['<{paymentbridge}prestashop>notes_7e324bd13204c9c17bbdda0c80850796'] = 'Der Betrag ist vorgemerkt, noch nicht eingezogen.';
$_MODULE['<{paymentbridge}prestashop>notes_ead5e0c2d938a024f1a1ca9b4d0d177b'] = 'Die Bridge hat diese Zahlung abgelehnt: %s';
$_MODULE['<{paymentbridge}prestashop>notes_14deaa0554210399ae385c3d00cae24d'] = 'Der Kunde kam nie bis zur Zahlung.';
$_MODULE['<{paymentbridge}prestashop>notes_72893548b28991e2c248e8a579756774'] = 'Die Zahlung ist beendet: %s.';
$_MODULE['<{paymentbridge}prestashop>notes_8d11c0d7c4c8ef35f03e81b12c1091f4'] = 'Diese Bestellung wurde storniert, während ihre Zahlung noch läuft. Wenn das Geld kommt, lesen Sie es hier.';
$_MODULE['<{paymentbridge}prestashop>notes_d5c39a1d9aced393f835f334a1fb9206'] = 'abgebrochen';
$_MODULE['<{paymentbridge}prestashop>notes_59e6b9e272eca41f44360ca9b264e57e'] = 'abgelehnt';
$_MODULE['<{paymentbridge}prestashop>notes_c4bfb2a0bab0e91bc7dcfbe3bbec246e'] = 'abgelaufen';
$_MODULE['<{paymentbridge}prestashop>notes_26934eb377001f66e37289a5c93fe284'] = 'fehlgeschlagen';
$_MODULE['<{paymentbridge}prestashop>notes_7ab651fe198a36caef1a67fe2fb64d9d'] = 'Diese Bestellnummer wurde schon für Zahlung %s einer anderen Bestellung verwendet. Dieses Geld gehört nicht zu dieser Bestellung; sie wird unter einer anderen Referenz bezahlt.';
$_MODULE['<{paymentbridge}prestashop>notes_c7240050c44d96021ab896ee8e4e20cf'] = '%s sind ein zweites Mal eingegangen. Bitte in diesem Feld erstatten, falls sie nicht schon zurückgezahlt sind.';
$_MODULE['<{paymentbridge}prestashop>notes_d2eeb467c503ceea0d0f5500a08a173f'] = '%s sind eingegangen, obwohl diese Bestellung storniert ist: in diesem Feld erstatten oder liefern.';
$_MODULE['<{paymentbridge}prestashop>notes_49c4f1bb989f02be1936af08a409abe7'] = 'Eine Erstattung ist nicht gelungen: Nur %s gingen an den Kunden zurück. Der Rest kann in diesem Feld erstattet werden.';
$_MODULE['<{paymentbridge}prestashop>notes_ed42fdcdc0ff5817ab77e6c385784621'] = 'Zahlung %s ist hier beendet, aber der Kunde kann sie beim Zahlungsanbieter noch annehmen. Wenn das Geld kommt, lesen Sie es hier und können es in diesem Feld erstatten.';

$_MODULE['<{paymentbridge}prestashop>order_panel_bd120b1919c85297575ecd22edf10b16'] = 'Noch einmal fragen';
$_MODULE['<{paymentbridge}prestashop>order_panel_9772cdbbdafe9ae0113a752ce9e752f7'] = 'Zurückzahlen';
$_MODULE['<{paymentbridge}prestashop>order_panel_d034363d41bc54b2a3d61f002eaee854'] = 'Ob diese Erstattung ausgeführt wurde, ist noch nicht bekannt:';
$_MODULE['<{paymentbridge}prestashop>order_panel_945d5e233cf7d6240f6b783b36a374ff'] = 'Übrig';
$_MODULE['<{paymentbridge}prestashop>order_panel_e0010a0a1a3259ab5c06a19bad532851'] = 'Bezahlt';
$_MODULE['<{paymentbridge}prestashop>order_panel_c453a4b8e8d98e82f35b67f433e3b4da'] = 'Zahlung';
$_MODULE['<{paymentbridge}prestashop>order_panel_5295f8590d976588e1d1b40ae1c36887'] = 'Payment Bridge';
$_MODULE['<{paymentbridge}prestashop>order_panel_76f0ed934de85cc7131910b32ede7714'] = 'Erstatten';
$_MODULE['<{paymentbridge}prestashop>order_panel_cc61945cbbf46721a053467c395c666f'] = 'Erstattet';
$_MODULE['<{paymentbridge}prestashop>order_panel_7095f70df5c9e7fc1403fb846624c3e6'] = 'zusammen mit den anderen Bestellungen desselben Warenkorbs';
$_MODULE['<{paymentbridge}prestashop>order_panel_bfb812ea9682a8c15793ad809a930c23'] = 'Diese Gutschrift erstatten';
$_MODULE['<{paymentbridge}prestashop>order_panel_bfd780f50e15398f68eda01c84077d11'] = 'Nichts zu erstatten';

$_MODULE['<{paymentbridge}prestashop>payment_return_02ee52779a97bebfac2a009f6e04df32'] = 'Ihre Zahlung ist eingegangen. Vielen Dank.';
$_MODULE['<{paymentbridge}prestashop>payment_return_4da32c11b4aa5b64f8dde8d1ca924c97'] = 'Ihre Zahlung wird bearbeitet. Sie bekommen eine E-Mail, sobald bezahlt ist.';

$_MODULE['<{paymentbridge}prestashop>paymentbridge_5295f8590d976588e1d1b40ae1c36887'] = 'Payment Bridge';
$_MODULE['<{paymentbridge}prestashop>paymentbridge_32a5dab4c287b89ad0e41049c3697d0f'] = 'Einstellungen entfernen? Was bezahlt wurde, bleibt in der Datenbank.';
$_MODULE['<{paymentbridge}prestashop>paymentbridge_35eb1dade0bf8e1017d9b8bd5d2ca72e'] = 'Die Einstellungen sind gespeichert.';
$_MODULE['<{paymentbridge}prestashop>paymentbridge_fa7934dba00d74db69c37e41871a8d3b'] = 'Zahlungen mit Wallet und Karte, auf einer Seite Ihres Shops oder auf der Seite der Bridge.';

$_MODULE['<{paymentbridge}prestashop>refundpanel_e49a492de4973049bff9fdf575d8ddb8'] = 'Ob die Erstattung ausgeführt wurde, ist noch nicht bekannt. Drücken Sie in einigen Minuten „Noch einmal fragen“: Erstattet wird nur einmal.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_72a76a045d9bb005d508f4a6f2a40f8d'] = 'Es wurde nichts erstattet: %s';
$_MODULE['<{paymentbridge}prestashop>refundpanel_b94c29f31f876c2e135fba4fd487be5a'] = 'Es wurde nichts erstattet: Was aus %s wurde, ist noch nicht bekannt. Fragen Sie zuerst danach noch einmal.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_e3cefa444752f7fb1c777a934044025a'] = 'Es wurde nichts erstattet: Jemand anderes arbeitet gerade an dieser Bestellung. Bitte sehen Sie noch einmal nach.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_ec19922c36202bc219ced336f24fe89e'] = 'Es wurde nichts erstattet: Diese Bestellung wurde nicht über die Bridge bezahlt.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_4c824065b4b3cb69af9b04820b0b3b78'] = 'Es wurde nichts erstattet: Bitte geben Sie einen Betrag wie 12,50 ein.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_1cd83c11c4581b8a8f0d23972240c7ee'] = 'Es wurde nichts erstattet: Sie dürfen Bestellungen nicht ändern.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_221db0332ac11355d1b6db7b7db96ea6'] = 'Erstattet: %s.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_26934eb377001f66e37289a5c93fe284'] = 'fehlgeschlagen';
$_MODULE['<{paymentbridge}prestashop>refundpanel_1626675747623813b27c05a71ff1437e'] = 'noch nicht bekannt';
$_MODULE['<{paymentbridge}prestashop>refundpanel_837eed3c25c8527f17490b9a78d0ac3d'] = 'unterwegs';
$_MODULE['<{paymentbridge}prestashop>refundpanel_ad32204fca182b862a5f97a5534c03a2'] = 'erstattet';
$_MODULE['<{paymentbridge}prestashop>refundpanel_e8bbe35e888d4eecc5dc0f86925e2a71'] = 'Schon erstattet: %s. Es wurde kein zweites Mal erstattet.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_6c3971f2445cb71f0d8e83a1e0dcdaf8'] = 'Das wurde nicht getan, denn die Bestellung hat sich inzwischen geändert. Sehen Sie sie noch einmal an.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_749bcd96c00672e669b1229a9cd8e7c9'] = 'noch nicht bezahlt';
$_MODULE['<{paymentbridge}prestashop>refundpanel_7f005c3fa691e77c52d3297cc2699072'] = 'reserviert';
$_MODULE['<{paymentbridge}prestashop>refundpanel_76e084771e78c194efd0e2d5b8920bea'] = 'bezahlt';
$_MODULE['<{paymentbridge}prestashop>refundpanel_59e6b9e272eca41f44360ca9b264e57e'] = 'abgelehnt';
$_MODULE['<{paymentbridge}prestashop>refundpanel_d5c39a1d9aced393f835f334a1fb9206'] = 'abgebrochen';
$_MODULE['<{paymentbridge}prestashop>refundpanel_c4bfb2a0bab0e91bc7dcfbe3bbec246e'] = 'abgelaufen';
$_MODULE['<{paymentbridge}prestashop>refundpanel_72a11d696076bea7f7fb098a24c5d245'] = 'Die Erstattung ist unterwegs: %s.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_b82f178629d06a6d5dc5e26c98808469'] = 'Es wurde nichts erstattet: Diese Gutschrift sagt nicht eindeutig, was zurückgezahlt werden soll. Geben Sie den Betrag ein, höchstens %s.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_f65b4e43f02112554fc4327b3ef2502c'] = 'Es wurde nichts erstattet: Mehrere Gutschriften sind gleichzeitig entstanden. Erstatten Sie jede hier, höchstens %s.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_cf6b747042ec02c5960928dcacf582b4'] = 'Für diese Gutschrift wurde nichts erstattet: Im Shop ist ein Fehler aufgetreten, siehe die Logs.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_ae42356c497a742611989a4141c55916'] = 'Es wurde nichts erstattet: Diese Gutschrift lautet auf %s.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_ee4eb635fc4bb9476f2580ae4c0a28f2'] = 'Für Gutschrift %s ist nichts mehr zu erstatten.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_092ec59db655d6e0539c1514e740ebf2'] = 'Gutschrift %1 über %2 wurde nicht erstattet.';
$_MODULE['<{paymentbridge}prestashop>refundpanel_8057939eef81ec27e54375d1f5854f68'] = 'Gutschrift %1 über %2:';

$_MODULE['<{paymentbridge}prestashop>return_610f30b31463374948af6519fe16dabe'] = 'Weiter zur Zahlung';
$_MODULE['<{paymentbridge}prestashop>return_0e29b1e9af1eb545623a8d860ed803c8'] = 'Aufgeben und zurück zum Warenkorb';
$_MODULE['<{paymentbridge}prestashop>return_0d2704ecdfd51228aea69de958b3ef6f'] = 'Für Bestellung %s wurde nichts bezahlt. Ihr Warenkorb ist wie zuvor.';
$_MODULE['<{paymentbridge}prestashop>return_d2616f081d80ac1458da8ead743d9483'] = 'Bestellung %s';
$_MODULE['<{paymentbridge}prestashop>return_e505d8e42f42fc95d2a1f8b568615572'] = 'Vielen Dank, es ist bezahlt.';
$_MODULE['<{paymentbridge}prestashop>return_b6e79a3c5857a9882fcd291ad0b64cae'] = 'Die Zahlung ist beendet, und es wurde nichts abgebucht.';
$_MODULE['<{paymentbridge}prestashop>return_830755ddb91f7b9de60b7c1daaf1224b'] = 'Das dauert länger als sonst. Sie bekommen eine E-Mail, sobald bezahlt ist.';
$_MODULE['<{paymentbridge}prestashop>return_068e1f22c37ae0b52abac04d034b4e67'] = 'Ihre Zahlung';
$_MODULE['<{paymentbridge}prestashop>return_1f509e4edea1366a442f4518472ff089'] = 'Ihre Zahlung wird bearbeitet. Diese Seite ändert sich von selbst.';
$_MODULE['<{paymentbridge}prestashop>return_875f8687dbb8e575ededfabb1cc2fef4'] = 'Ihre Bestellung wartet auf die Zahlung. Wenn Sie schon bezahlt haben, ändert sich diese Seite von selbst.';
$_MODULE['<{paymentbridge}prestashop>return_6c148c45e6c9b81bc5f6a46de07f6631'] = 'Zum Warenkorb';
$_MODULE['<{paymentbridge}prestashop>return_67e300627efca5e8d4d90d2e7c9d887f'] = 'Diese Bestellung ist storniert, aber Sie können ihre Zahlung in der App Ihres Wallets noch annehmen. Bitte lehnen Sie sie dort ab, bevor Sie noch einmal bestellen.';
$_MODULE['<{paymentbridge}prestashop>return_090b420e7cbd245a4f2f266d5ea79b31'] = 'Diese Bestellung ist storniert. Ob etwas abgebucht wurde, ist noch nicht bekannt; wenn ja, erfährt es der Shop.';
$_MODULE['<{paymentbridge}prestashop>return_16043ec4fc18b9a4f6eda4efdea5c707'] = 'Bestellung %s ist storniert, aber Sie können ihre Zahlung in der App Ihres Wallets noch annehmen. Bitte lehnen Sie sie dort ab, bevor Sie noch einmal bestellen. Ihr Warenkorb ist wie zuvor.';
$_MODULE['<{paymentbridge}prestashop>return_5a3170309c4e9a099f41ce6716437818'] = 'Bestellung %s ist storniert. Ob etwas abgebucht wurde, ist noch nicht bekannt; wenn ja, erfährt es der Shop. Ihr Warenkorb ist wie zuvor.';

$_MODULE['<{paymentbridge}prestashop>settingsform_3bed5bbbfd9312cd3d87e10b86d7feaf'] = 'Eine Gutschrift zahlt das Geld sofort zurück. Sonst tut das nur das Feld auf der Bestellung.';
$_MODULE['<{paymentbridge}prestashop>settingsform_656a6828d7ef1bb791e42087c4b5ee6e'] = 'API-Schlüssel';
$_MODULE['<{paymentbridge}prestashop>settingsform_ca32ebc4a18e55b38ed45fc6692b77b8'] = 'Adresse der Bridge';
$_MODULE['<{paymentbridge}prestashop>settingsform_6ff063fbc860a79759a7369ac32cee22'] = 'Kasse';
$_MODULE['<{paymentbridge}prestashop>settingsform_c2cc7082a89c1ad6631a2f66af5f00c0'] = 'Verbindung';
$_MODULE['<{paymentbridge}prestashop>settingsform_61059d13744544e75a56593662de2171'] = 'Kunden bezahlen';
$_MODULE['<{paymentbridge}prestashop>settingsform_12a06fac1717ca18cb728cc0777e06fe'] = 'Auf einer Seite des Shops';
$_MODULE['<{paymentbridge}prestashop>settingsform_7b6ceaca1b8f40d9592d95488058118e'] = 'Höchste Summe';
$_MODULE['<{paymentbridge}prestashop>settingsform_20c51b5f4e9aeb5334c90ff072e6f928'] = 'Zahlungsarten';
$_MODULE['<{paymentbridge}prestashop>settingsform_91e4f878a218ef0b7b42e714c5af826a'] = 'Kleinste Summe';
$_MODULE['<{paymentbridge}prestashop>settingsform_db4b001b8e72e9d9ccc46c3c9be951ee'] = 'Minuten, 5 bis 1440.';
$_MODULE['<{paymentbridge}prestashop>settingsform_bafd7322c6e97d25b6299b5d6fe8920b'] = 'Nein';
$_MODULE['<{paymentbridge}prestashop>settingsform_f2fe4bce4c5bf29e147094e33fd226a9'] = 'Nichts gespeichert.';
$_MODULE['<{paymentbridge}prestashop>settingsform_8019b0544d97cc7f9b77037149bfa141'] = 'Geheimnis für Benachrichtigungen';
$_MODULE['<{paymentbridge}prestashop>settingsform_3edd4521e980e89193eb0a92bb935479'] = 'Karte anbieten';
$_MODULE['<{paymentbridge}prestashop>settingsform_36fabc229fe7af00caf0d3eefe768cc1'] = 'Wallet anbieten';
$_MODULE['<{paymentbridge}prestashop>settingsform_904d22a833da7c7f2dda548a88e6c8f0'] = 'Auf der Seite der Bridge';
$_MODULE['<{paymentbridge}prestashop>settingsform_c80ee9c40d4e0a35e4f2c6b213cbb288'] = 'Gespeichert, wird nicht wieder angezeigt. Leer lassen, um es zu behalten; ein einzelnes - entfernt es.';
$_MODULE['<{paymentbridge}prestashop>settingsform_ee26a23f7d328b55d95187a825c7e0f8'] = 'Nur während das Geheimnis gewechselt wird: Dann gelten beide.';
$_MODULE['<{paymentbridge}prestashop>settingsform_fb077ecba55e5552916bde26d8b9e794'] = 'Bestellbestätigung';
$_MODULE['<{paymentbridge}prestashop>settingsform_f47a96f266d5b2160f87e0c9d150167a'] = 'Mit Gutschriften erstatten';
$_MODULE['<{paymentbridge}prestashop>settingsform_c9cc8cce247e49bae79f15173ce97354'] = 'Speichern';
$_MODULE['<{paymentbridge}prestashop>settingsform_8ad471c2790ee3760a9e7b3140f0d144'] = 'Zweites Geheimnis für Benachrichtigungen';
$_MODULE['<{paymentbridge}prestashop>settingsform_fe9ef74fb50117ae4aa3448ce528438e'] = 'Status bezahlter Bestellungen';
$_MODULE['<{paymentbridge}prestashop>settingsform_1cc7e35f89e1de38a85e987cbe88a47e'] = 'Zeit zum Bezahlen';
$_MODULE['<{paymentbridge}prestashop>settingsform_709e64dcc3ee99a5c559d8b1c603546f'] = 'Titel der Karte';
$_MODULE['<{paymentbridge}prestashop>settingsform_1a74634bacfa5544c76f47a2e052c553'] = 'Titel des Wallets';
$_MODULE['<{paymentbridge}prestashop>settingsform_14e89590ba118ac8104d558332f0dfcb'] = 'Wenn bezahlt ist';
$_MODULE['<{paymentbridge}prestashop>settingsform_750d14093aebed54314f44e8ee25c384'] = 'Wenn bestellt ist';
$_MODULE['<{paymentbridge}prestashop>settingsform_93cba07454f06a4a960172bbd6e2a435'] = 'Ja';
$_MODULE['<{paymentbridge}prestashop>settingsform_1a7b9db55bd18fc8f4fe4e645f42f267'] = 'https://…; hinter dem Rechnernamen nichts, es sei denn, der Betreiber Ihrer Bridge sagt es.';

$_MODULE['<{paymentbridge}prestashop>settingsinput_574361c86269ff9363c56b560cb0f4fd'] = 'Ein Geheimnis für Benachrichtigungen beginnt mit whsec_.';
$_MODULE['<{paymentbridge}prestashop>settingsinput_8875a21dbec43ee48a0b6de280ebc0dc'] = 'Eine Summe ist eine Zahl mit Punkt, wie 12.50, oder nichts.';
$_MODULE['<{paymentbridge}prestashop>settingsinput_44aa3ad18a3dd5e200be07604275b2db'] = 'Der API-Schlüssel ist fehlerhaft.';
$_MODULE['<{paymentbridge}prestashop>settingsinput_83f2075348827431efe65a5b28d12b73'] = 'Die Adresse der Bridge ist https://rechner, ohne Benutzer, Parameter oder #.';
$_MODULE['<{paymentbridge}prestashop>settingsinput_f9df2ceec0bb7f563c8f03118f793b7c'] = 'Die Zeit zum Bezahlen ist 5 bis 1440 Minuten.';

$_MODULE['<{paymentbridge}prestashop>start_55dda718c4abfbf6b9b97f1e6baf2cd4'] = 'Der Zahlungsdienst antwortet gerade nicht. Bitte versuchen Sie es noch einmal.';
$_MODULE['<{paymentbridge}prestashop>start_bab2aa4a87a7591049120ec316c79862'] = 'Diese Zahlung ist nicht möglich. Bitte wählen Sie eine andere Zahlungsart.';
$_MODULE['<{paymentbridge}prestashop>start_dcec644f4bdfe11b4406eca42754cfdf'] = 'Inzwischen hat sich etwas geändert. Bitte sehen Sie Ihren Warenkorb an und wählen Sie die Zahlungsart noch einmal.';

$_MODULE['<{paymentbridge}prestashop>order_detail_a98a2e83fa4c90b84532efe39fc333e8'] = 'Diese Bestellung wartet auf die Zahlung.';
$_MODULE['<{paymentbridge}prestashop>order_detail_610f30b31463374948af6519fe16dabe'] = 'Weiter zur Zahlung';

$_MODULE['<{paymentbridge}prestashop>order_top_8393f82bd20907d3784fa4e77b1b9dc6'] = 'Zum Feld der Payment Bridge';
