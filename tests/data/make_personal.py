#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Texts in ten languages with known personal data, and with look-alikes: make_personal.py N.

Prints one JSON record a line. "spans" lists what is planted in the output: first byte, byte
behind the last, kind. All names, numbers and keys are made up by a seeded generator. The last
argument is the number of texts; the same number gives the same texts.
"""
import json
import random
import sys
import uuid

SEED = 20260118

LANGUAGES = {
    "en": {
        "say": ["Please write to {email} before Friday.", "My address is {email}, thank you.",
                "The server at {ip} did not answer.", "Connections from {ip} were blocked.",
                "You can reach me at {phone} in the evening.", "Call {phone} for details.",
                "Send the money to {iban} today.", "He paid with the card {card} yesterday.",
                "The device {mac} joined the network.", "Set the token to {secret} and retry."],
        "other": ["See {fake} for more.", "The entry {fake} is in the list.", "It was {fake}.",
                  "Nothing else happened that day, and everyone went home early."],
        "names": ["anna", "peter.miller", "j_doe", "susan-lee", "tom99"],
        "hosts": ["acme.com", "mail.northwind.org", "uni-lake.edu", "shop.co.uk"]},
    "de": {
        "say": ["Schreiben Sie bitte an {email}.", "Meine Adresse lautet {email}, danke.",
                "Der Server {ip} antwortet nicht.", "Zugriffe von {ip} wurden gesperrt.",
                "Sie erreichen mich abends unter {phone}.", "Tel.: {phone}",
                "Bitte auf das Konto {iban} überweisen.", "Er zahlte mit der Karte {card}.",
                "Das Gerät {mac} ist neu im Netz.", "Der Schlüssel ist {secret}."],
        "other": ["Siehe {fake} im Anhang.", "Der Eintrag {fake} steht in der Liste.",
                  "Es war {fake}.", "Danach gingen alle früh nach Hause."],
        "names": ["jürgen.schmidt", "max", "k.mueller", "vertrieb", "anna-lena"],
        "hosts": ["beispielfirma.de", "post.nordwind.de", "müller-holz.de", "uni-see.at"]},
    "fr": {
        "say": ["Écrivez à {email} avant vendredi.", "Mon adresse est {email}, merci.",
                "Le serveur {ip} ne répond pas.", "Les accès depuis {ip} sont bloqués.",
                "Appelez le {phone} le soir.", "Téléphone : {phone}",
                "Versez la somme sur {iban}.", "Il a payé avec la carte {card}.",
                "L'appareil {mac} est connecté.", "La clé est {secret}."],
        "other": ["Voir {fake} pour la suite.", "L'entrée {fake} est dans la liste.",
                  "C'était {fake}.", "Ensuite chacun est rentré chez soi."],
        "names": ["émilie.durand", "jean", "p.martin", "contact", "sophie_b"],
        "hosts": ["exemple-sarl.fr", "courriel.nord.fr", "univ-lac.fr", "boutique.be"]},
    "es": {
        "say": ["Escriba a {email} antes del viernes.", "Mi correo es {email}, gracias.",
                "El servidor {ip} no responde.", "Se bloquearon accesos desde {ip}.",
                "Llámeme al {phone} por la tarde.", "Teléfono: {phone}",
                "Ingrese el dinero en {iban}.", "Pagó con la tarjeta {card}.",
                "El equipo {mac} entró en la red.", "La clave es {secret}."],
        "other": ["Véase {fake} más abajo.", "La entrada {fake} está en la lista.",
                  "Fue {fake}.", "Después todos se fueron a casa temprano."],
        "names": ["josé.garcia", "maria", "p.lopez", "ventas", "ana_ruiz"],
        "hosts": ["empresa-sol.es", "correo.norte.mx", "uni-lago.edu.ar", "tienda.com"]},
    "pt": {
        "say": ["Escreva para {email} até sexta.", "Meu endereço é {email}, obrigado.",
                "O servidor {ip} não responde.", "Acessos de {ip} foram bloqueados.",
                "Ligue para {phone} à noite.", "Telefone: {phone}",
                "Deposite o valor em {iban}.", "Ele pagou com o cartão {card}.",
                "O aparelho {mac} entrou na rede.", "A chave é {secret}."],
        "other": ["Veja {fake} abaixo.", "O item {fake} está na lista.", "Foi {fake}.",
                  "Depois todos voltaram cedo para casa."],
        "names": ["joão.silva", "maria", "p.souza", "vendas", "ana_lima"],
        "hosts": ["empresa-mar.com.br", "correio.norte.pt", "uni-lagoa.edu.br", "loja.net"]},
    "ru": {
        "say": ["Напишите на {email} до пятницы.", "Мой адрес: {email}, спасибо.",
                "Сервер {ip} не отвечает.", "Доступ с {ip} закрыт.",
                "Звоните по номеру {phone} вечером.", "Телефон: {phone}",
                "Переведите деньги на {iban}.", "Он заплатил картой {card}.",
                "Устройство {mac} в сети.", "Ключ доступа: {secret}"],
        "other": ["Смотрите {fake} ниже.", "Запись {fake} есть в списке.", "Это было {fake}.",
                  "Потом все рано разошлись по домам."],
        "names": ["ivan.petrov", "olga", "s.smirnov", "info", "анна"],
        "hosts": ["primer-zavod.ru", "pochta.sever.ru", "озеро.рф", "univer.edu.ru"]},
    "tr": {
        "say": ["Lütfen {email} adresine yazın.", "Adresim {email}, teşekkürler.",
                "Sunucu {ip} yanıt vermiyor.", "Erişim {ip} için kapatıldı.",
                "Beni {phone} numarasından arayın.", "Telefon: {phone}",
                "Parayı {iban} hesabına yatırın.", "Ödeme {card} kartıyla yapıldı.",
                "Cihaz {mac} ağa katıldı.", "Anahtar: {secret}"],
        "other": ["Bakınız: {fake} aşağıda.", "Kayıt {fake} listede.", "Değer {fake} idi.",
                  "Sonra herkes erkenden eve gitti."],
        "names": ["mehmet.yilmaz", "ayse", "c.kaya", "satis", "ali_can"],
        "hosts": ["ornek-sirket.com.tr", "posta.kuzey.net", "uni-gol.edu.tr", "magaza.com"]},
    "zh": {
        "say": ["请在周五前发邮件到{email}。", "我的邮箱是{email}，谢谢。", "服务器{ip}没有响应。",
                "来自{ip}的访问已被阻止。", "晚上请拨打电话{phone}联系我。", "手机：{phone}",
                "请把款项汇到{iban}。", "他用卡{card}付款。", "设备{mac}已加入网络。",
                "密钥是{secret}，请保存。"],
        "other": ["详见{fake}。", "条目{fake}在列表中。", "结果是 {fake} 。", "然后大家都早早回家了。"],
        "names": ["zhang.wei", "lina", "wang_fang", "kefu", "chen88"],
        "hosts": ["shili-gongsi.cn", "youxiang.beifang.com", "hu-daxue.edu.cn", "shop.com.cn"]},
    "ja": {
        "say": ["金曜日までに{email}へご連絡ください。", "メールは{email}です。",
                "サーバー{ip}が応答しません。", "{ip}からの接続を遮断しました。",
                "夜は{phone}までお電話ください。", "電話番号：{phone}", "{iban}に振り込んでください。",
                "カード{card}で支払いました。", "機器{mac}が接続しました。", "キーは{secret}です。"],
        "other": ["{fake}を参照してください。", "項目{fake}は一覧にあります。", "値は {fake} でした。",
                  "その後、みな早く帰宅しました。"],
        "names": ["tanaka.ichiro", "yuki", "sato_k", "info", "hana7"],
        "hosts": ["rei-kaisha.co.jp", "mail.kita.jp", "mizuumi-u.ac.jp", "mise.com"]},
    "ar": {
        "say": ["يرجى الكتابة إلى {email} قبل الجمعة.", "عنواني هو {email} وشكرا.",
                "الخادم {ip} لا يستجيب.", "تم حظر الوصول من {ip} أمس.",
                "اتصل بي على الرقم {phone} مساء.", "هاتف: {phone}", "حول المبلغ إلى {iban} اليوم.",
                "دفع بالبطاقة {card} أمس.", "انضم الجهاز {mac} إلى الشبكة.", "المفتاح هو {secret} فقط."],
        "other": ["انظر {fake} أدناه.", "العنصر {fake} في القائمة.", "كان {fake} أمس.",
                  "ثم عاد الجميع إلى بيوتهم مبكرا."],
        "names": ["ahmed.ali", "fatima", "m.hassan", "info", "omar_k"],
        "hosts": ["mithal-sharika.sa", "barid.shamal.ae", "jamiat-buhayra.edu.eg", "matjar.com"]},
}

# '#' is any digit, '$' one from 2 to 9.
PHONES = {
    "en": ["($##) $##-####", "$##-$##-####", "+1 $## $## ####", "+1-$##-$##-####", "$##.$##.####",
           "020 7### ####", "07700 ######", "+44 20 7### ####", "+44 (0)20 7### ####",
           "1-800-$##-####", "+1$##$######", "$##$######"],
    "de": ["030 #######", "0171/#######", "+49 30 #######", "+49 (0)171 #######", "0049 89 ######",
           "089-#######", "(0221) #######", "0151 ########", "+491715######", "0171#######"],
    "fr": ["06 ## ## ## ##", "01.42.##.##.##", "+33 6 ## ## ## ##", "0033 1 42 ## ## ##",
           "06-##-##-##-##", "+33612######", "06########"],
    "es": ["6## ### ###", "91 ### ## ##", "+34 6## ### ###", "0034 6## ### ###", "+5255 #### ####",
           "6########"],
    "pt": ["(11) 9####-####", "(21) 3###-####", "+55 11 9####-####", "+351 91# ### ###",
           "91# ### ###", "11 9####-####"],
    "ru": ["+7 495 ###-##-##", "8 (495) ###-##-##", "8-800-###-##-##", "+7 (9##) ###-##-##",
           "+79#########", "89#########"],
    "tr": ["+90 532 ### ## ##", "0532 ### ## ##", "(0212) ### ## ##", "0090 532 #######",
           "0532#######"],
    "zh": ["138 #### ####", "139-####-####", "+86 137 #### ####", "010-8#######", "0086 138########",
           "136########", "+86-21-6#######"],
    "ja": ["090-####-####", "03-3###-####", "+81 90 #### ####", "0120-###-###", "+81-3-3###-####",
           "090########"],
    "ar": ["+966 50 ### ####", "+971 4 ### ####", "00966 55 #######", "050 ### ####", "+201#########",
           "05########"],
}

IBANS = {"DE": "##################", "FR": "#######################", "ES": "####################",
         "GB": "@@@@##############", "NL": "@@@@##########", "TR": "######################",
         "SA": "####################", "PT": "#####################", "IT": "@######################",
         "CH": "#################", "AT": "################", "BE": "############"}
CARDS = [("4", 16), ("51", 16), ("55", 16), ("2223", 16), ("34", 15), ("37", 15), ("6011", 16),
         ("3530", 16), ("6221", 16), ("36", 14)]
ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
HEX = "0123456789abcdef"
KINDS = ["email", "ip", "phone", "iban", "card", "mac", "secret"]


class Maker:
    """Makes values. Uses random() only, whose sequence is the same in all versions of Python."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def below(self, n):
        return int(self.rng.random() * n)

    def pick(self, items):
        return items[self.below(len(items))]

    def chars(self, alphabet, n):
        return "".join(self.pick(alphabet) for _ in range(n))

    def fill(self, pattern):
        kinds = {"#": "0123456789", "$": "23456789", "@": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
        return "".join(self.pick(kinds[c]) if c in kinds else c for c in pattern)

    def luhn(self, digits, valid=True):
        """Append the check digit, or a wrong one."""
        total = 0
        for i, digit in enumerate(reversed(digits)):
            n = int(digit) * (2 if i % 2 == 0 else 1)
            total += n - 9 if n > 9 else n
        check = -total % 10
        return digits + str(check if valid else (check + 1 + self.below(9)) % 10)

    def email(self, language):
        local = self.pick(language["names"]) + self.pick(["", "", "+news", str(self.below(100))])
        return local + "@" + self.pick(language["hosts"])

    def ip(self):
        while True:
            parts = [1 + self.below(222)] + [self.below(256) for _ in range(3)]
            if parts[0] not in (10, 100, 127, 169, 172, 192, 198, 203):
                break
        if self.below(3) > 0:
            return "ip", ".".join(map(str, parts))
        if self.below(2):
            return "ip", ":".join(["2a0" + self.chars(HEX, 1)] +
                                  [self.chars("123456789abcdef", 1) + self.chars(HEX, 3)
                                   for _ in range(7)])
        return "ip", f"2a01:{self.chars('123456789', 1)}{self.chars(HEX, 2)}::{self.chars(HEX, 4)}"

    def private_ip(self):
        return "ip_private", self.pick(["192.168.", "10.1.", "172.20.", "127.0."]) + \
            f"{self.below(256)}.{self.below(256)}"

    def iban(self, valid=True):
        country = self.pick(sorted(IBANS))
        account = self.fill(IBANS[country])
        number = "".join(str(int(c, 36)) for c in account + country + "00")
        check = 98 - int(number) % 97
        if not valid:
            check = 2 + (check + self.below(90)) % 95
            if int(number[:-2] + f"{check:02}") % 97 == 1:
                check = check - 1 if check > 2 else check + 1
        text = f"{country}{check:02}{account}"
        if self.below(2):
            text = " ".join(text[i:i + 4] for i in range(0, len(text), 4))
        return text

    def card(self, valid=True):
        prefix, n = self.pick(CARDS)
        digits = self.luhn(prefix + self.chars("0123456789", n - 1 - len(prefix)), valid)
        joint = self.pick(["", " ", "-"])
        cuts = [4, 8, 12, n] if n == 16 else [4, 10, n]
        return joint.join(digits[a:b] for a, b in zip([0] + cuts, cuts))

    def mac(self):
        pairs = [self.chars(HEX, 2) for _ in range(5)] + [self.chars("abcdef", 2)]
        form = self.below(4)
        if form == 0:
            text = "".join(pairs)
            return ".".join(text[i:i + 4] for i in (0, 4, 8))
        return {1: ":".join(pairs), 2: "-".join(pairs).upper(), 3: ":".join(pairs).upper()}[form]

    def secret(self):
        form = self.below(9)
        if form == 0:
            return "AKIA" + self.chars(UPPER, 16)
        if form == 1:
            return "ghp_" + self.chars(ALNUM, 36)
        if form == 2:
            return "hf_" + self.chars(ALNUM, 34)
        if form == 3:
            return self.pick(["sk-", "sk-proj-"]) + self.chars(ALNUM, 48)
        if form == 4:
            return f"xoxb-{self.fill('##########')}-{self.fill('##########')}-" + self.chars(ALNUM, 24)
        if form == 5:
            return "AIza" + self.chars(ALNUM, 35)
        if form == 6:
            return "sk_" + "live_" + self.chars(ALNUM, 24)
        if form == 7:
            return "eyJhbGciOiJIUzI1NiJ9.eyJ" + self.chars(ALNUM, 40) + "." + self.chars(ALNUM, 43)
        lines = "\n".join(self.chars(ALNUM, 64) for _ in range(3 + self.below(4)))
        kind = self.pick(["", "RSA ", "EC ", "OPENSSH "])
        return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"

    def fake(self):
        """Something that looks like personal data and is none."""
        day, month, year = 1 + self.below(28), 1 + self.below(12), 1950 + self.below(76)
        return self.pick([
            lambda: self.fill("v#.##.#.##"), lambda: "version " + self.fill("#.#.#.###"),
            lambda: "Version " + self.fill("1#.0.1.2"), lambda: self.fill("numpy==1.#.#.#"),
            lambda: self.fill("Chrome/##.0.##.12"), lambda: self.fill("libfoo-2.#.1.#"),
            lambda: f"{year}-{month:02}-{day:02}", lambda: f"{day:02}.{month:02}.{year}",
            lambda: f"{month:02}/{day:02}/{year}", lambda: f"{day:02}-{month:02}-{year}",
            lambda: f"{year}-{month:02}-{day:02} {self.fill('1#:#0:#5')}",
            lambda: f"{year}-{month:02}-{day:02}T{self.fill('1#:#0:#5.######')}Z",
            lambda: f"{year}{month:02}{day:02}{self.fill('######')}",
            lambda: f"{year}-{year + 3}", lambda: self.fill("1#:5#:3#"),
            lambda: self.fill("ISBN 978-3-16-14####-0"), lambda: self.fill("ISBN 0-306-4061#-2"),
            lambda: self.fill("978#########"), lambda: self.fill("979-10-90636-##-#"),
            lambda: self.fill("0.################"), lambda: self.fill("3.14159265358979323846"),
            lambda: self.fill("1#.5, 2#.25, 3#.125, 4#.0625"), lambda: "4 8 15 16 23 42",
            lambda: "01 02 03 04 05 06", lambda: self.fill("###, ###, ###, ####"),
            lambda: self.fill("1,###,###,###"), lambda: self.fill("$ ##,###.##"),
            lambda: self.chars(HEX, 32), lambda: self.chars(HEX, 40), lambda: self.chars(HEX, 64),
            lambda: "sha256:" + self.chars(HEX, 64),
            lambda: str(uuid.UUID(int=self.below(2**52) << 76 | self.below(2**52) << 20 | 7)),
            lambda: ":".join(self.chars(HEX, 2) for _ in range(16)),
            lambda: self.card(valid=False), lambda: self.iban(valid=False),
            lambda: self.fill("99#############"), lambda: self.fill("12345#######"),
            lambda: "#" + self.fill("########"), lambda: self.fill("300.#00.1.2"),
            lambda: self.fill("52.5#####, 13.4#####"), lambda: self.fill("90210-####"),
            lambda: self.luhn(self.fill("35############")), lambda: self.fill("INV-2024-#######"),
            lambda: "@" + self.pick(["anna", "dev_tom"]), lambda: "icon@2x.png",
            lambda: "git@github.com:acme/tool.git", lambda: "a @ b", lambda: "@app.route",
            lambda: "std::vector", lambda: "dead::beef", lambda: "x[1::2]",
            lambda: "sk-loading-indicator-with-a-very-long-class-name", lambda: "ghp_" + "x" * 36,
            lambda: "hf_hub_download", lambda: "AKIA" + "X" * 16, lambda: "react@18.2.0",
            lambda: self.fill("1920x1080"), lambda: self.fill("pp. 1##-2##"),
            lambda: self.fill("1##-##-####"), lambda: self.fill("17########"),
            lambda: self.fill("17###########"), lambda: self.fill("16################"),
            lambda: "2^31 = 2147483648", lambda: self.fill("IPv4, RFC 791, RFC 8200"),
        ])()


def plant(maker, language, name):
    """One sentence, with the offset in characters, the value and the kind of what is in it."""
    if maker.below(100) < 45:
        text = maker.pick(language["other"])
        if "{fake}" in text:
            text = text.replace("{fake}", maker.fake())
        return text, None
    kind = maker.pick(KINDS)
    template = maker.pick([text for text in language["say"] if "{" + kind + "}" in text])
    slot = "{" + kind + "}"
    if kind == "email":
        value = maker.email(language)
    elif kind == "ip":
        kind, value = maker.private_ip() if maker.below(4) == 0 else maker.ip()
    elif kind == "phone":
        value = maker.fill(maker.pick(PHONES[name]))
    else:
        value = {"iban": maker.iban, "card": maker.card, "mac": maker.mac,
                 "secret": maker.secret}[kind]()
    return template.replace(slot, value), (template.index("{"), value, kind)


def make_record(maker, number):
    name = sorted(LANGUAGES)[number % len(LANGUAGES)]
    text, spans = "", []
    for _ in range(2 + maker.below(4)):
        sentence, planted = plant(maker, LANGUAGES[name], name)
        text += maker.pick(["\n", " "]) if text else ""
        if planted:
            at, value, kind = planted
            start = len((text + sentence[:at]).encode())
            spans.append([start, start + len(value.encode()), kind])
        text += sentence
    return {"id": f"{name}-{number:05}", "instruction": f"Repeat text {number}.", "output": text,
            "language": name, "spans": spans}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    maker = Maker(SEED)
    for number in range(int(sys.argv[1])):
        print(json.dumps(make_record(maker, number), ensure_ascii=False))


if __name__ == "__main__":
    main()
