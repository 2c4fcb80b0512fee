"""Whole, valid objects for tests; override what the test is about by keyword."""

from __future__ import annotations

from typing import Any

from protocol.deliveries import DeliveryDraft
from protocol.items import Choice, SegmentItem
from protocol.messages import (
    Area,
    AudioMessage,
    ButtonsMessage,
    Call,
    Card,
    CardMessage,
    CarouselMessage,
    Column,
    ConfirmMessage,
    Copy,
    CouponMessage,
    HeadingBlock,
    ImagemapMessage,
    ImageMessage,
    LineBlock,
    LocationMessage,
    Message,
    OpenLink,
    OpenPage,
    Picture,
    PictureBlock,
    Say,
    StickerMessage,
    TableBlock,
    TextBlock,
    TextMessage,
    VideoMessage,
)
from protocol.segments import ChoiceIs

DISTRICT = "00000000-0000-7000-8000-00000000d157"
TOPICS = "00000000-0000-7000-8000-0000000070c5"
BIRTH = "00000000-0000-7000-8000-00000000b174"


def district_item(count: int = 60, **changes: Any) -> SegmentItem:
    """A town of `count` districts in six areas; the first is 川北."""
    names = ["川北", *(f"第{number}地区" for number in range(2, count + 1))]
    areas = ["北部", "南部", "東部", "西部", "中央", "山間部"]
    choices = tuple(
        Choice(id=f"d{index:02d}", label=name, group=areas[index * len(areas) // count])
        for index, name in enumerate(names)
    )
    item = SegmentItem(
        id=DISTRICT,
        kind="district",
        title="お住まいの地区",
        question="お住まいの地区をえらんでください。",
        choices=choices,
        position=0,
    )
    return item.model_copy(update=changes)


def topics_item(**changes: Any) -> SegmentItem:
    names = ["防災", "ごみ", "子育て", "健康", "イベント"]
    item = SegmentItem(
        id=TOPICS,
        kind="multiple",
        title="知りたい情報",
        question="知りたい情報をえらんでください。",
        choices=tuple(Choice(id=f"t{index}", label=name) for index, name in enumerate(names)),
        position=1,
    )
    return item.model_copy(update=changes)


def birth_item(**changes: Any) -> SegmentItem:
    item = SegmentItem(
        id=BIRTH, kind="birth_year", title="生まれた年", question="生まれた年をえらんでください。", position=2
    )
    return item.model_copy(update=changes)


def draft(**changes: Any) -> DeliveryDraft:
    made = DeliveryDraft(
        id="00000000-0000-7000-8000-0000000de117",
        title="断水のお知らせ",
        messages=(TextMessage(text="あす9時から断水します。"),),
        segment=ChoiceIs(item=DISTRICT, any_of=("d00",)),
    )
    return made.model_copy(update=changes)


def every_message() -> tuple[Message, ...]:
    """One good message of every type, with every kind of action and block."""
    picture = Picture(file="a" * 64, description="公民館の写真", width=1024, height=683)
    actions = (
        OpenLink(label="案内を見る", url="https://www.town.example.lg.jp/くらし?日=月"),
        OpenPage(label="受信設定", page="settings"),
        Call(label="役場に電話", telephone="0123-45-6789"),
    )
    more = (Say(label="今日のごみ", text="今日のごみ"), Copy(label="番号を写す", text="1234-5678"))
    card = Card(
        picture=picture,
        blocks=(
            HeadingBlock(text="秋の健康まつり"),
            TextBlock(text="体力測定と野菜の販売があります。", size="large", bold=True),
            LineBlock(),
            TableBlock(rows=(("日時", "11月22日(日) 10時から15時"), ("場所", "みなと野市 中央公民館"))),
            PictureBlock(picture=picture),
            TextBlock(text="雨でも行います。", size="small"),
        ),
        buttons=(*actions, *more),
        colour="green",
    )
    column = Column(title="中央公民館", text="体力測定", picture=picture, buttons=actions[:2])
    return (
        TextMessage(text="｛町名｝からのお知らせです。｛絵文字001｝"),
        ImageMessage(file="a" * 64, preview="b" * 64, description="公民館の写真"),
        VideoMessage(file="c" * 64, preview="b" * 64, description="体操の動画"),
        AudioMessage(file="d" * 64, milliseconds=12_300, description="防災無線の音声"),
        StickerMessage(package="446", sticker="1988"),
        LocationMessage(
            title="中央公民館",
            address="みなと野市中央1丁目2番3号",
            latitude=35_681_236,
            longitude=139_767_125,
        ),
        CouponMessage(coupon="01COUPON", title="健康まつり"),
        ImagemapMessage(
            picture=picture.model_copy(update={"width": 1040, "height": 700}),
            alt="地図：押すと案内を開きます",
            height=700,
            areas=tuple(
                Area(x=208 * number, y=0, width=208, height=700, action=action)
                for number, action in enumerate((*actions, *more))
            ),
        ),
        CardMessage(alt="秋の健康まつり", cards=(card,)),
        CardMessage(alt="催し3件", cards=(card, card.model_copy(update={"colour": "red"}), card)),
        ButtonsMessage(
            alt="避難所の案内",
            title="避難所",
            text="近くの避難所を見られます。",
            picture=picture,
            buttons=actions,
        ),
        ConfirmMessage(alt="出欠の確認", text="避難訓練に参加しますか。", buttons=more),
        CarouselMessage(alt="催し", columns=(column, column.model_copy(update={"title": "東公民館"}))),
    )
