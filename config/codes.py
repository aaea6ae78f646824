"""What each code of a problem means: one table."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """What a code means, in English and Russian, and the keys that it looks at."""

    en: str
    ru: str
    keys: tuple[str, ...] = ()


CODES: dict[str, Code] = {
    # YAML
    "E101": Code("a file or folder cannot be read", "файл или каталог не читается"),
    "E102": Code("a file is larger than 1 MiB", "файл больше 1 МиБ"),
    "E103": Code("a file is not UTF-8", "файл не в UTF-8"),
    "E104": Code("a control character", "управляющий символ"),
    "E105": Code("not YAML", "это не YAML"),
    "E106": Code("a key stands twice in one mapping", "ключ повторяется"),
    "E107": Code("an anchor, an alias or a merge key", "якорь, псевдоним или ключ слияния"),
    "E108": Code("a tag or a directive", "тег или директива YAML"),
    "E109": Code("more than one document in a file", "несколько документов в одном файле"),
    "E110": Code("nested deeper than 20 levels", "вложенность больше 20 уровней"),
    "E111": Code("a file without content, or not a mapping of keys", "файл пуст или не содержит ключей"),
    "E112": Code("a key that is not text", "ключ не является текстом"),
    "E113": Code("a file that the site needs is missing", "нет обязательного файла"),
    "E114": Code("an object's name (its file's, or its key) is not a name", "недопустимое имя объекта"),
    "E115": Code("a script that is not Python, or has no run(agi)", "сценарий не на Python или без run(agi)"),
    "W501": Code("a file or folder that is not read", "файл или каталог, который не читается программой"),
    # Schema
    "E201": Code("an unknown key", "неизвестный ключ"),
    "E202": Code("a key is missing", "нет обязательного ключа"),
    "E203": Code("a value of the wrong kind", "значение не того типа"),
    "E204": Code("text that needs quotes", "тексту нужны кавычки"),
    "E205": Code("a value that is not among the allowed ones", "значение не из списка допустимых"),
    "E206": Code("a number or a length out of range", "число или длина вне пределов"),
    "E207": Code("text of the wrong form", "текст не того вида"),
    "E208": Code("a length of time without its unit", "длительность без единицы"),
    # Secrets
    "E221": Code("${...} outside a secret", "${...} не на месте секрета"),
    "E222": Code("a reference that is neither ${env:NAME} nor ${file:PATH}", "неверная ссылка на секрет"),
    "E223": Code("a secret's environment variable is not set", "нет переменной окружения с секретом"),
    "E224": Code("a secret's file is missing or not usable", "нет файла секрета, или он не годится"),
    "E225": Code("a secret's file can be read by others", "файл секрета доступен посторонним"),
    "E226": Code("a secret with characters that cannot be carried", "недопустимые символы в секрете"),
    "W502": Code(
        "a secret in plain text",
        "секрет открытым текстом",
        ("agents.password", "system.ami.secret", "trunks.password", "system.database"),
    ),
    # References
    "E301": Code("no such group", "нет такой группы", ("campaigns.group", "lines.group", "agents.groups")),
    "E302": Code("no such trunk", "нет такого транка", ("campaigns.trunk", "lines.trunks")),
    "E303": Code(
        "no such prompt, or not in the language in which it is played",
        "нет такой подсказки, или её нет на нужном языке",
        (
            "campaigns.message",
            "lines.greeting",
            "lines.closed",
            "menus.prompt",
            "menus.wrong",
            "menus.keys",
            "lookups.fallback",
            "groups.messages",
            "surveys.intro",
            "surveys.questions",
            "surveys.comment.prompt",
            "surveys.thanks",
            "campaigns.language",
            "lines.language",
            "system.language",
        ),
    ),
    "E304": Code(
        "no such schedule, menu, line, look-up, survey, shop or campaign",
        "нет такого расписания, меню, линии, запроса, опроса, магазина или кампании",
        (
            "lines.schedule",
            "lines.menu",
            "lines.shop",
            "lines.survey",
            "lines.callback",
            "groups.callback",
            "groups.survey",
            "groups.surge.group",
            "menus.keys",
            "menus.otherwise",
            "campaigns.survey",
            "shops.robot",
            "shops.agents",
            "shops.delivery",
        ),
    ),
    "E305": Code("no such script", "нет такого сценария", ("lines.script", "menus.keys", "menus.otherwise")),
    # Lints
    "E401": Code("a group without members", "группа без агентов", ("groups.skill", "groups.min_level")),
    "E402": Code(
        "an agent in a group whose skill they lack",
        "у агента нет навыка, который нужен группе",
        ("agents.groups", "agents.skills", "groups.skill", "groups.min_level"),
    ),
    "E403": Code("two agents with one extension", "один номер у двух агентов", ("agents.extension",)),
    "E404": Code("two lines with one number", "один номер у двух линий", ("lines.numbers",)),
    "E405": Code(
        "two pause reasons, or two dispositions, with one code",
        "один код у двух причин или у двух результатов",
        ("pause_reasons.code", "dispositions.code"),
    ),
    "E406": Code(
        "two codes that cannot be told apart while dialing",
        "коды, которые нельзя различить при наборе",
        ("system.feature_codes", "pause_reasons.code", "dispositions.code"),
    ),
    "E407": Code(
        "a name that Asterisk or Perezvon keeps for itself",
        "имя, занятое Asterisk или Perezvon",
        ("groups", "campaigns", "pause_reasons", "dispositions"),
    ),
    "E408": Code(
        "a disposition that puts a number on the do-not-call list and is no refusal",
        "результат вносит номер в список «не звонить», но это не отказ",
        ("dispositions.do_not_call", "dispositions.means"),
    ),
    "E411": Code(
        "a call rings less than 15 seconds", "вызов звонит меньше 15 секунд", ("campaigns.ring_time",)
    ),
    "E412": Code(
        "a grace that is not a whole number of seconds",
        "grace не равен целому числу секунд",
        ("campaigns.grace",),
    ),
    "E413": Code(
        "a window ends before it begins",
        "окно кончается раньше начала",
        ("campaigns.hours", "schedules.hours", "schedules.exceptions", "shops.windows"),
    ),
    "E414": Code(
        "windows of one day overlap",
        "окна одного дня пересекаются",
        ("campaigns.hours", "schedules.hours", "schedules.exceptions"),
    ),
    "E415": Code(
        "a weekday is named twice", "день недели назван дважды", ("campaigns.hours", "schedules.hours")
    ),
    "E416": Code(
        "an unknown time zone",
        "неизвестный часовой пояс",
        ("campaigns.timezone", "schedules.timezone", "system.timezone"),
    ),
    "E417": Code("two campaigns call one list", "две кампании звонят по одному списку", ("campaigns.list",)),
    "E418": Code(
        "a caller id that must not be shown (no valid number, emergency, premium rate)",
        "номер, который нельзя показывать (недействительный, экстренный, платный)",
        ("campaigns.caller_id",),
    ),
    "E419": Code(
        "a length of time that is zero, or not whole seconds where Asterisk counts those",
        "длительность нулевая или не в целых секундах",
        (
            "groups.ring_time",
            "groups.wrap_up",
            "groups.max_wait",
            "campaigns.max_talk",
            "campaigns.attempts.retry.NAME.after",
        ),
    ),
    "E421": Code("AMI beyond loopback", "AMI не на loopback", ("system.ami.host",)),
    "E422": Code(
        "the RTP ports end before they begin",
        "диапазон RTP-портов пуст",
        ("system.sip.rtp_first", "system.sip.rtp_last"),
    ),
    "E423": Code(
        "the SIP port is among the RTP ports",
        "SIP-порт внутри диапазона RTP",
        ("system.sip.port", "system.sip.rtp_first", "system.sip.rtp_last"),
    ),
    "E424": Code(
        "more calls than Asterisk accepts",
        "вызовов больше, чем принимает Asterisk",
        ("system.limits.lines", "system.asterisk.max_calls", "trunks.lines"),
    ),
    "E425": Code(
        "a trunk with half a login",
        "у транка неполные учётные данные",
        ("trunks.username", "trunks.password", "trunks.register_with_carrier"),
    ),
    "E426": Code("not an IP address", "это не IP-адрес", ("system.sip.bind", "trunks.host", "trunks.match")),
    "E427": Code("a database that is not known", "неизвестная база данных", ("system.database",)),
    "E428": Code(
        "a path not absolute, too long for a socket, or with characters that cut Asterisk's arguments",
        "путь не абсолютный, слишком длинный для сокета или с символами, что делят аргументы Asterisk",
        (
            "system.socket",
            "system.sounds_dir",
            "system.cache_dir",
            "system.recordings_dir",
            "system.screening.folder",
            "system.asterisk.config_dir",
            "system.asterisk.log_dir",
        ),
    ),
    "E429": Code(
        "one TCP port for two purposes",
        "один TCP-порт на два дела",
        ("system.ami.port", "system.agi_port", "system.ear_port", "system.api_port", "system.metrics_port"),
    ),
    "E431": Code(
        "a default or weak secret",
        "стандартный или слабый пароль",
        ("agents.password", "system.ami.secret", "trunks.password"),
    ),
    "E441": Code(
        "more silence after the answer than the law allows",
        "тишина после ответа дольше, чем позволяет закон",
        ("campaigns.grace", "campaigns.law"),
    ),
    "E442": Code(
        "abandoned people would be called again too soon",
        "брошенному абоненту перезвонили бы слишком рано",
        ("campaigns.attempts.retry.NAME.after", "campaigns.law"),
    ),
    "E443": Code(
        "a target above the law's limit", "цель выше предела закона", ("campaigns.target", "campaigns.law")
    ),
    "E444": Code(
        "a robot's campaign that says nothing",
        "кампания робота, которой нечего сказать",
        ("campaigns.script", "campaigns.survey", "campaigns.mode"),
    ),
    "E451": Code(
        "a day that does not exist", "несуществующий день", ("schedules.holidays", "schedules.exceptions")
    ),
    "E452": Code(
        "a schedule that never opens",
        "расписание без рабочего времени",
        ("schedules.hours", "lines.schedule"),
    ),
    "E453": Code("a menu with no way out", "меню, из которого нет выхода", ("menus.keys", "menus.otherwise")),
    "E454": Code(
        "a menu from which no way leads to a person or a call-back",
        "меню, из которого не попасть к человеку и не заказать звонок",
        ("menus.keys", "menus.otherwise"),
    ),
    "E455": Code(
        "an offer to be called back where nobody calls",
        "предложение перезвонить, которое некому выполнить",
        ("menus.keys", "menus.otherwise", "lines.callback", "groups.callback"),
    ),
    "E456": Code(
        "a menu that waits too short or too long", "меню ждёт слишком мало или долго", ("menus.timeout",)
    ),
    "E457": Code("a text with fields that cannot be read", "текст с непонятными полями", ("lookups.say",)),
    "E458": Code(
        "a look-up that lets the caller wait too long",
        "запрос, который ждут слишком долго",
        ("lookups.timeout",),
    ),
    "E459": Code(
        "a look-up without a text in a language of its callers",
        "запрос без текста на языке звонящих",
        ("lookups.say", "lines.language", "system.language"),
    ),
    "E461": Code(
        "a campaign that calls back, but not in mode preview",
        "кампания для обратных звонков не в режиме preview",
        ("lines.callback", "groups.callback", "campaigns.mode"),
    ),
    "E462": Code(
        "groups that send callers in a circle", "группы пересылают звонящих по кругу", ("groups.surge.group",)
    ),
    "E463": Code("a surge without its limit", "переполнение без порога", ("groups.surge",)),
    "E471": Code(
        "a survey's question that cannot be asked",
        "вопрос опроса, который нельзя задать",
        ("surveys.questions",),
    ),
    "E481": Code(
        "orders that nobody would call about",
        "заказы, по которым некому звонить",
        ("shops.robot", "shops.agents", "shops.rules"),
    ),
    "E482": Code(
        "a shop's campaign that cannot do its work",
        "кампания магазина, которая не может делать своё дело",
        ("shops.robot", "shops.agents", "shops.delivery"),
    ),
    "E483": Code("a shop's token that is not its own", "негодный токен магазина", ("shops.token",)),
    "E491": Code("something that Asterisk's files cannot hold", "то, что нельзя записать в файлы Asterisk"),
    "W511": Code("a group that serves nothing", "группа ничего не обслуживает", ("groups",)),
    "W512": Code(
        "a skill that no group asks for", "навык, который не нужен ни одной группе", ("agents.skills",)
    ),
    "W513": Code(
        "an agent who answers by hand in a dialing campaign's group",
        "агент без автоответа в группе исходящей кампании",
        ("agents.auto_answer",),
    ),
    "W514": Code(
        "one secret in two places", "один пароль в двух местах", ("agents.password", "system.ami.secret")
    ),
    "W515": Code("two trunks with one address", "у двух транков один адрес", ("trunks.match", "trunks.host")),
    "W516": Code("a short carrier's password", "короткий пароль оператора", ("trunks.password",)),
    "W517": Code(
        "a menu, schedule or look-up that no line leads to",
        "меню, расписание или запрос, к которым не ведёт ни одна линия",
        ("menus", "schedules", "lookups"),
    ),
    "W521": Code(
        "a grace over 2 seconds, where the law names none",
        "grace больше 2 секунд там, где закон молчит",
        ("campaigns.grace", "campaigns.law"),
    ),
    "W522": Code("calling outside 08:00-21:00", "звонки вне 08:00-21:00", ("campaigns.hours",)),
    "W523": Code(
        "campaigns may use more lines than their trunk has",
        "кампаниям обещано больше линий, чем есть в транке",
        ("trunks.lines", "campaigns.lines"),
    ),
    "W524": Code(
        "a limit above the one over it",
        "предел выше вышестоящего",
        ("campaigns.lines", "campaigns.calls_per_second", "trunks.lines", "system.limits"),
    ),
    "W525": Code(
        "one person could be called more than 3 times in a day",
        "человеку могут позвонить больше 3 раз в день",
        ("campaigns.attempts",),
    ),
    "W526": Code(
        "more retries than attempts in all",
        "повторов больше, чем попыток всего",
        ("campaigns.attempts.max", "campaigns.attempts.retry.NAME.times"),
    ),
    "W527": Code(
        "a key that the mode does not look at",
        "ключ, на который режим не смотрит",
        (
            "campaigns.ratio",
            "campaigns.grace",
            "campaigns.target",
            "campaigns.mode",
            "campaigns.script",
            "campaigns.intro",
            "campaigns.screening",
            "campaigns.greeting",
            "campaigns.voicemail",
            "campaigns.screening_check",
        ),
    ),
    "W528": Code(
        "a caller id that is none of our lines",
        "показываемый номер не наша линия",
        ("campaigns.caller_id", "lines.numbers"),
    ),
    "W529": Code(
        "a line's number that no country gave out", "недействительный номер линии", ("lines.numbers",)
    ),
    "W531": Code(
        "too few RTP ports for the lines",
        "мало RTP-портов для линий",
        ("system.sip.rtp_first", "system.sip.rtp_last", "system.limits.lines"),
    ),
    "W532": Code("a call rings longer than a minute", "вызов звонит дольше минуты", ("campaigns.ring_time",)),
    "W533": Code(
        "leads to be called again by a rule that does not exist",
        "для повторного звонка нет правила",
        ("campaigns.attempts.retry", "dispositions.means"),
    ),
    "W541": Code(
        "automatic dialing under a law that forbids it for advertising",
        "автоматический дозвон, который закон запрещает для рекламы",
        ("campaigns.law", "campaigns.mode"),
    ),
    "W542": Code(
        "screening under a law that counts from the answer",
        "проверка ответов при законе, который считает от ответа",
        ("campaigns.law", "campaigns.screening"),
    ),
    "W551": Code("a date that is over", "прошедшая дата", ("schedules.holidays", "schedules.exceptions")),
    "W552": Code("a look-up in plain text", "запрос открытым текстом", ("lookups.url",)),
    "W561": Code("a shop's rule that decides nothing", "правило, которое ничего не решает", ("shops.rules",)),
}
