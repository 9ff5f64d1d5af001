"""Words on dials. Makers' names are invented."""

MAKERS = (
    "NOVA", "KAISER", "DELTA", "HYTEC", "PRO", "ARMA", "TECNO", "SEIKI", "ORION", "MESTO", "UNIK", "AQUA",
    "VEGA", "BRIGHT", "FLUX", "ISTRA", "POLAR", "KORD", "HELIX", "RIVET", "TK", "NB", "SWF", "LUMO",
)  # fmt: skip
TITLES = {
    "pressure": (
        "PRESSURE GAUGE", "Pressure", "EN 837-1", "MANOMETER", "PFP SERIES", "OIL", "WATER", "STEAM",
        "AIR", "316L SS", "LIQUID FILLED", "Tire Gauge", "OXYGEN",
    ),
    "compound": ("COMPOUND GAUGE", "VACUUM", "DIFFERENTIAL PRESSURE", "EN 837-1", "Vacuum Gauge"),
    "thermometer": ("THERMOMETER", "WSS", "TEMP", "Thermometer", "BIMETAL", "DIN 16205"),
    "car": (
        "BOOST", "OIL PRESS", "WATER TEMP", "OIL TEMP", "FUEL PRESS", "TURBO", "VOLTS", "VACUUM", "SPEED",
        "OIL",
    ),
    "panel": (
        "AC", "DC", "~", "A.C. AMPERES", "GB7676-98", "CLASS 2.5", "CP-48", "SD-670", "50/60 Hz", "200/5A",
    ),
    "barometer": ("BAROMETER", "HYGROMETER", "RAIN CHANGE FAIR", "Barometer", "COMFORT"),
    "manifold": ("R-22 R-410A", "R134a", "R404A", "Class 1.0", "LOW SIDE", "HIGH SIDE"),
}  # fmt: skip
CHINESE = {
    "pressure": ("压力表", "不锈钢压力表", "耐震压力表", "电接点压力表", "氧气表", "膜盒压力表"),
    "compound": ("真空表", "压力真空表", "差压表", "不锈钢真空表"),
    "thermometer": ("温度计", "双金属温度计", "温度表"),
    "panel": ("交流电流表", "电压表", "频率表"),
    "car": ("油压表", "水温表"),
}  # fmt: skip
COMPANIES = ("上海仪表有限公司", "天津市自动化仪表厂", "红旗仪表有限公司", "西安仪表厂", "北方仪器仪表")
SMALL = (
    "MADE IN GERMANY", "MADE IN CHINA", "No. 20418", "SN 7731902", "S/N 118-2", "DIN EN 837", "IP65", "CE",
    "AISI 316L", "2019.06", "NOT FOR OXYGEN USE", "CAUTION", "2041-77", "Ex II 2G", "京制00000123号",
    "JIS B 7505", "USE NO OIL", "MADE IN U.S.A.", "KL 1,6", "stat. druck max. 100 bar", "x1000r/min",
    "NO: 190423",
)  # fmt: skip
RIM = (
    "NOT FOR OXYGEN USE", "ALL STAINLESS STEEL", "USE NO OIL", "MADE IN GERMANY", "SWISS MOVEMENT",
    "TUBE AND SOCKET 316L", "LOW PRESSURE CONN. HIGH PRESSURE CONN.", "www.gauges.example",
    "MADE IN U.S.A.", *COMPANIES,
)  # fmt: skip
STICKER = ("合格证", "计量检定", "No 2041736", "CAL 07 2023", "有效期至", "2024.06.18", "PASS", "石化仪表")
LABEL = ("PI-1042", "TI 207", "CALIBRATED", "DUE 11/25", "检验合格", "SN 88213", "P-03", "OK", "KALIBRIERT")
