"""What links are called that say nothing about where they lead, by language: whole texts in lower case."""

from __future__ import annotations

_TEXTS = {
    "en": "here|click here|click|click this|this|this link|link|go|start|more|more info|more information|info"
    "|read more|learn more|see more|find out more|show more|view more|continue|continue reading|right here|details"
    "|this page|information|tap here|discover more",
    "de": "hier|hier klicken|klicken sie hier|klicke hier|mehr|mehr lesen|mehr erfahren|mehr informationen"
    "|weitere informationen|weiterlesen|weiter|siehe|link|dies|das|dieser link|mehr dazu|zum artikel",
    "fr": "ici|cliquez ici|cliquer ici|plus|en savoir plus|lire la suite|lire plus|voir plus|suite|lien|ce lien"
    "|plus d'informations|plus d’informations|plus d'infos|découvrir|continuer",
    "es": "aquí|aqui|haga clic aquí|haz clic aquí|clic aquí|click aquí|pincha aquí|más|mas|leer más|ver más|saber más"
    "|más información|mas información|enlace|este enlace|este|continuar|seguir leyendo",
    "it": "qui|clicca qui|più|leggi di più|leggi tutto|scopri di più|maggiori informazioni|continua|link|vai|altro",
    "pt": "aqui|clique aqui|mais|leia mais|ler mais|saiba mais|saber mais|veja mais|ver mais|mais informações"
    "|mais informação|ir|continuar|link|este link",
    "nl": "hier|klik hier|meer|lees meer|lees verder|meer informatie|meer info|link|deze link|verder",
    "sv": "här|klicka här|mer|läs mer|mer info|mer information|visa mer|länk",
    "da": "her|klik her|mere|læs mere|se mere|mere information|link",
    "nb": "her|klikk her|mer|les mer|se mer|mer informasjon|lenke",
    "no": "her|klikk her|mer|les mer|se mer|mer informasjon|lenke",
    "fi": "tästä|klikkaa tästä|lisää|lue lisää|katso lisää|lisätietoja|linkki",
    "pl": "tutaj|tu|kliknij|kliknij tutaj|więcej|czytaj więcej|czytaj dalej|zobacz więcej|więcej informacji|link",
    "cs": "zde|klikněte zde|více|číst více|více informací|odkaz|pokračovat",
    "ru": "здесь|тут|нажмите здесь|сюда|подробнее|далее|читать далее|больше|ещё|еще|ссылка|узнать больше|перейти",
    "uk": "тут|натисніть тут|сюди|докладніше|детальніше|далі|читати далі|більше|посилання",
    "tr": "burada|buraya|tıklayın|buraya tıklayın|devamı|devamını oku|daha fazla|daha fazla bilgi|bağlantı",
    "ja": "こちら|こちらをクリック|ここ|ここをクリック|クリック|詳細|詳しくはこちら|もっと見る|続きを読む|続く|リンク"
    "|全文表示",
    "zh": "这里|点击这里|点这里|点击|更多|了解更多|查看更多|阅读更多|详情|查看详情|链接|這裡|點擊這裡|點此|了解更多",
    "ko": "여기|여기를 클릭|여기를 클릭하세요|클릭|더보기|더 보기|자세히|자세히 보기|계속|이동|링크|전체 보기",
    "ar": "هنا|اضغط هنا|انقر هنا|المزيد|اقرأ المزيد|رابط",
    "he": "כאן|לחץ כאן|לחצו כאן|עוד|קרא עוד|למידע נוסף",
    "fa": "اینجا|اینجا کلیک کنید|کلیک کنید|بیشتر|ادامه مطلب|اطلاعات بیشتر|لینک",
    "ta": "இங்கே|இங்கே கிளிக் செய்யவும்|மேலும்|மேலும் அறிக|மேலும் படிக்க|அடுத்த பக்கம்",
    "hi": "यहाँ|यहां|यहाँ क्लिक करें|यहां क्लिक करें|और|और पढ़ें|अधिक जानकारी|लिंक",
}
GENERIC = {language: frozenset(texts.split("|")) for language, texts in _TEXTS.items()}
