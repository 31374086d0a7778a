#!/usr/bin/env python3
"""Writes names.inc: the names that the parser knows by number (WHATWG HTML, "elements", "attributes", 13.2.6.5).

Usage: generate_names.py > names.inc
"""

HTML_TAGS = """
html head body frameset frame title base link meta style script noscript template
address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header
hgroup main menu nav ol p search section summary ul h1 h2 h3 h4 h5 h6 pre listing form li dd dt plaintext button
a b big code em font i s small strike strong tt u nobr applet marquee object table caption colgroup col
tbody tfoot thead tr td th area br embed img keygen wbr input param source track hr image textarea xmp
iframe noembed noframes select option optgroup rb rt rp rtc ruby math svg
span sub sup var abbr acronym audio bdi bdo bgsound basefont canvas cite data datalist del dfn ins isindex kbd
label legend map mark menuitem meter output picture progress q samp selectedcontent slot time video
command content spacer
mi mo mn ms mtext annotation-xml mglyph malignmark mrow mfrac msup msub semantics annotation
desc foreignobject path g rect circle ellipse line polyline polygon text tspan use defs symbol stop image
""".split()

SVG_TAGS = """
altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend feColorMatrix
feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow
feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset
fePointLight feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef linearGradient
radialGradient textPath
""".split()

ATTRIBUTES = """
id class href src alt title style name value type rel content charset http-equiv lang dir width height
action method enctype target accept accept-charset accesskey align allow allowfullscreen async autocapitalize
autocomplete autofocus autoplay background bgcolor border cellpadding cellspacing checked cite clear color cols
colspan command commandfor contenteditable controls coords crossorigin data datetime decoding default defer
dirname disabled download draggable encoding enterkeyhint face fetchpriority for form formaction formenctype
formmethod formnovalidate formtarget frame frameborder headers hidden high hreflang hspace imagesizes imagesrcset
inert inputmode integrity is ismap itemid itemprop itemref itemscope itemtype kind label language link list
longdesc loading loop low manifest marginheight marginwidth max maxlength media min minlength multiple muted
nomodule nonce noshade novalidate noresize nowrap onblur onchange onclick onerror onfocus onkeydown onkeyup
onload onmousedown onmouseout onmouseover onmouseup onresize onscroll onsubmit open optimum part pattern ping
placeholder playsinline popover popovertarget poster preload profile property prefix readonly referrerpolicy
required rev reversed role rows rowspan rules sandbox scope scrolling selected shadowrootmode shape size sizes
slot span spellcheck srcdoc srclang srcset standby start step summary tabindex text translate typeof usemap
valign vlink vocab vspace wrap about resource datatype inlist
aria-activedescendant aria-atomic aria-checked aria-controls aria-current aria-describedby aria-disabled
aria-expanded aria-haspopup aria-hidden aria-label aria-labelledby aria-level aria-live aria-modal aria-pressed
aria-selected aria-valuemax aria-valuemin aria-valuenow
data-id data-src data-url data-href data-title data-name data-type data-value data-target data-toggle data-index
data-sort-value data-testid data-mw data-ved jsaction jsname jscontroller jsmodel
xmlns version encoding standalone fill stroke d x y r rx ry cx cy x1 x2 y1 y2 points transform opacity
stroke-width stroke-linecap stroke-linejoin fill-rule clip-rule clip-path focusable offset dx dy
definitionurl
xlink:actuate xlink:arcrole xlink:href xlink:role xlink:show xlink:title xlink:type xml:lang xml:space
xmlns:xlink
actuate arcrole href role show space xlink xml
""".split()

SVG_ATTRIBUTES = """
attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits diffuseConstant edgeMode
filterUnits glyphRef gradientTransform gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines keyTimes
lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves
pathLength patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha
preserveAspectRatio primitiveUnits refX refY repeatCount repeatDur requiredExtensions requiredFeatures
specularConstant specularExponent spreadMethod startOffset stdDeviation stitchTiles surfaceScale systemLanguage
tableValues targetX targetY textLength viewBox viewTarget xChannelSelector yChannelSelector zoomAndPan
""".split()

FOREIGN_ATTRIBUTES = [  # name, prefix, local, namespace
    ("xlink:actuate", "actuate", "xlink"), ("xlink:arcrole", "arcrole", "xlink"),
    ("xlink:href", "href", "xlink"), ("xlink:role", "role", "xlink"), ("xlink:show", "show", "xlink"),
    ("xlink:title", "title", "xlink"), ("xlink:type", "type", "xlink"), ("xml:lang", "lang", "xml"),
    ("xml:space", "space", "xml"), ("xmlns", "xmlns", "xmlns"), ("xmlns:xlink", "xlink", "xmlns"),
]

KEYWORDS = {"class", "for", "template", "default", "is", "command", "data", "var", "int", "register", "switch"}


def identifier(name):
    return name.replace("-", "_").replace(":", "_") + "_"


def main():
    names, seen = [], set()

    def add(items):
        for item in items:
            if item not in seen:
                seen.add(item)
                names.append(item)

    add(HTML_TAGS)
    tags = len(names)
    add(tag.lower() for tag in SVG_TAGS)
    add(SVG_TAGS)
    add(ATTRIBUTES)
    add(attribute.lower() for attribute in SVG_ATTRIBUTES)
    add(SVG_ATTRIBUTES + ["definitionURL"])
    print("// Made by generate_names.py; do not edit.")
    print("// X(identifier, spelling)")
    print("#ifdef TIDEWIRE_HTML_NAMES")
    for name in names:
        print(f'TIDEWIRE_HTML_NAMES({identifier(name)}, "{name}")')
    print("#undef TIDEWIRE_HTML_NAMES\n#endif")
    print("// X(lower case, spelling in SVG)")
    print("#ifdef TIDEWIRE_HTML_SVG_TAGS")
    for name in SVG_TAGS:
        print(f"TIDEWIRE_HTML_SVG_TAGS({identifier(name.lower())}, {identifier(name)})")
    print("#undef TIDEWIRE_HTML_SVG_TAGS\n#endif")
    print("#ifdef TIDEWIRE_HTML_SVG_ATTRIBUTES")
    for name in SVG_ATTRIBUTES:
        print(f"TIDEWIRE_HTML_SVG_ATTRIBUTES({identifier(name.lower())}, {identifier(name)})")
    print("#undef TIDEWIRE_HTML_SVG_ATTRIBUTES\n#endif")
    print("// X(name as written, local name, namespace)")
    print("#ifdef TIDEWIRE_HTML_FOREIGN_ATTRIBUTES")
    for name, local, space in FOREIGN_ATTRIBUTES:
        print(f"TIDEWIRE_HTML_FOREIGN_ATTRIBUTES({identifier(name)}, {identifier(local)}, {space})")
    print("#undef TIDEWIRE_HTML_FOREIGN_ATTRIBUTES\n#endif")
    print("#ifdef TIDEWIRE_HTML_TAG_COUNT")
    print(f"TIDEWIRE_HTML_TAG_COUNT({tags})")
    print("#undef TIDEWIRE_HTML_TAG_COUNT\n#endif")


main()
