"""Places: every unit of the province with pinyin and coordinates, and the places outside it."""

from __future__ import annotations

import polars as pl
from pypinyin import lazy_pinyin, load_phrases_dict

from tools.build_jilin.inputs import Inputs

# Readings that the general dictionary gets wrong in these names.
load_phrases_dict(
    {
        "珲春": [["hun"], ["chun"]],
        "桦甸": [["hua"], ["dian"]],
        "长春": [["chang"], ["chun"]],
        "长白": [["chang"], ["bai"]],
        "长岭": [["chang"], ["ling"]],
        "大安": [["da"], ["an"]],
        "洮南": [["tao"], ["nan"]],
        "洮北": [["tao"], ["bei"]],
        "柳河": [["liu"], ["he"]],
        "辉南": [["hui"], ["nan"]],
        "朝阳": [["chao"], ["yang"]],
        "汪清": [["wang"], ["qing"]],
    }
)

EXTERNAL = [
    # id, name, pinyin, kind, lon, lat, country
    ("X-SHENYANG", "沈阳", "shenyang", "city", 123.4315, 41.8057, "CN"),
    ("X-DALIAN", "大连", "dalian", "city", 121.6147, 38.9140, "CN"),
    ("X-HARBIN", "哈尔滨", "haerbin", "city", 126.5350, 45.8038, "CN"),
    ("X-BEIJING", "北京", "beijing", "city", 116.4074, 39.9042, "CN"),
    ("X-SHANGHAI", "上海", "shanghai", "city", 121.4737, 31.2304, "CN"),
    ("X-GUANGZHOU", "广州", "guangzhou", "city", 113.2644, 23.1291, "CN"),
    ("X-YIWU", "义乌", "yiwu", "city", 120.0751, 29.3068, "CN"),
    ("X-ZHENGZHOU", "郑州", "zhengzhou", "city", 113.6254, 34.7466, "CN"),
    ("X-VLADIVOSTOK", "符拉迪沃斯托克", "fuladiwosituoke", "city", 131.8855, 43.1155, "RU"),
    ("X-SEOUL", "首尔", "shouer", "city", 126.9780, 37.5665, "KR"),
    ("X-OSAKA", "大阪", "daban", "city", 135.5023, 34.6937, "JP"),
    ("X-TOKYO", "东京", "dongjing", "city", 139.6917, 35.6895, "JP"),
    ("X-RU-HUNCHUN", "珲春公路口岸（对岸克拉斯基诺）", "hunchun kouan", "crossing", 130.7000, 42.7800, "RU"),
    ("X-KP-QUANHE", "圈河口岸（对岸元汀里）", "quanhe kouan", "crossing", 130.5860, 42.5560, "KP"),
    ("X-KP-TUMEN", "图们口岸（对岸南阳）", "tumen kouan", "crossing", 129.8550, 42.9600, "KP"),
    ("X-KP-JIAN", "集安口岸（对岸满浦）", "jian kouan", "crossing", 126.2800, 41.1500, "KP"),
    ("X-KP-CHANGBAI", "长白口岸（对岸惠山）", "changbai kouan", "crossing", 128.1900, 41.4150, "KP"),
]

LEVELS = {"2": "province", "4": "prefecture", "6": "county", "9": "township", "12": "village"}


def inner(inputs: Inputs) -> pl.DataFrame:
    """Return the units of the province, with coordinates where the source has one and a mean for the zones."""
    raw = inputs.table("places")
    frame = raw.select(
        place_id="code",
        name_zh="name",
        pinyin=pl.col("name").map_elements(lambda name: "".join(lazy_pinyin(name)), pl.String),
        level="level",
        kind="kind",
        parent_id="parent_code",
        county_id="county_code_statutory",
        mca_code="mca_code_2025",
        urban_rural="nbs_urban_rural_2016",
        lon=pl.col("lon").cast(pl.Float64),
        lat=pl.col("lat").cast(pl.Float64),
        coordinate_quality="coord_quality",
        coordinate_source="coord_source",
        country=pl.lit("CN"),
        origin=pl.lit("observed"),
        source=pl.lit("jilin-places"),
    )
    derived = pl.col("coordinate_quality") == "D"
    frame = frame.with_columns(origin=pl.when(derived).then(pl.lit("derived")).otherwise("origin"))
    return _zones(frame)


def _zones(frame: pl.DataFrame) -> pl.DataFrame:
    """Give a development zone the mean of its known units, or of its prefecture's seat when it has none."""
    units = frame.filter(pl.col("lon").is_not_null() & pl.col("level").is_in(["township", "village"]))
    means = units.group_by(pl.col("place_id").str.slice(0, 6).alias("zone")).agg(
        pl.col("lon").mean().round(5).alias("mean_lon"), pl.col("lat").mean().round(5).alias("mean_lat")
    )
    seats = frame.filter(level="prefecture").select(seat="place_id", seat_lon="lon", seat_lat="lat")
    zone = pl.col("kind") == "dev_zone"
    return (
        frame.join(means, left_on="place_id", right_on="zone", how="left", maintain_order="left")
        .join(seats, left_on="parent_id", right_on="seat", how="left", maintain_order="left")
        .with_columns(
            lon=pl.when(zone).then(pl.coalesce("mean_lon", "seat_lon")).otherwise("lon"),
            lat=pl.when(zone).then(pl.coalesce("mean_lat", "seat_lat")).otherwise("lat"),
            coordinate_quality=pl.when(zone).then(pl.lit("D")).otherwise("coordinate_quality"),
            coordinate_source=pl.when(zone).then(pl.lit("rule-zones")).otherwise("coordinate_source"),
            origin=pl.when(zone).then(pl.lit("derived")).otherwise("origin"),
        )
        .drop("mean_lon", "mean_lat", "seat_lon", "seat_lat")
    )


def external() -> pl.DataFrame:
    """Return the places outside the province that trunk traffic needs; coordinates are well-known, so assumed."""
    columns = ["place_id", "name_zh", "pinyin", "kind", "lon", "lat", "country"]
    return pl.DataFrame(EXTERNAL, schema=columns, orient="row").with_columns(
        level=pl.lit("external"),
        coordinate_source=pl.lit("rule-external"),
        origin=pl.lit("assumed"),
        source=pl.lit("rule-external"),
    )
