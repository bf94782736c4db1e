"""One photo, or a folder of them: maps, boxes, pictures, exports.

`predict`, `explain_image` and `show` are the commands; `targets` finds what is asked for and `photo` computes its maps;
`describe` says what came out, `draw_maps` and `draw_boxes` draw it, `export` writes it into files.
"""
