#!/usr/bin/env python3
"""What `multirank quiz --export` writes is what is in the files. exports.py MULTIRANK LESSONS

Reads the files, Moodle's XML and GIFT, each by code of its own, and compares them question by question."""
import glob
import html
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as tree


def plain(text):
    """The words of an HTML text, with ` around code."""
    text = re.sub(r"</?code>", "`", text)
    return html.unescape(re.sub(r"</?(p|pre)>", "\n", text)).strip()


def read_file(path, language):
    questions, part, title = [], None, ""
    for line in open(path, encoding="utf-8"):
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "question":
            questions.append({"kind": rest, "text": "", "reason": "", "code": [], "options": [], "answer": None})
            part = "text"
        elif word in ("right", "wrong"):
            questions[-1]["options"].append([word == "right", ""])
            part = "option"
        elif word == "reason":
            part = "reason"
        elif word == "answer":
            questions[-1]["answer"] = rest
        elif word == "|":
            questions[-1]["code"].append(rest)
        elif word in (language, "both"):
            if part is None:
                title = rest
            elif part == "option":
                questions[-1]["options"][-1][1] += " " * bool(questions[-1]["options"][-1][1]) + rest
            else:
                questions[-1][part] += " " * bool(questions[-1][part]) + rest
    name = os.path.basename(os.path.dirname(path))[:2] + " " + title
    return [(name, q["kind"], q["text"] + ("\n\n" + "\n".join(q["code"]) if q["code"] else ""), q["reason"],
             tuple(map(tuple, q["options"])), q["answer"]) for q in questions]


def read_moodle(text):
    result, category = [], None
    for q in tree.fromstring(text.encode()):
        if q.get("type") == "category":
            category = q.find("category/text").text.split("/")[-1]
            continue
        answers = [(float(a.get("fraction")), a.find("text").text) for a in q.findall("answer")]
        kind, options, answer = q.get("type"), (), None
        if kind == "multichoice":
            kind = "one" if q.find("single").text == "true" else "several"
            options = tuple((fraction > 0, plain(a)) for fraction, a in answers)
            assert abs(sum(fraction for fraction, _ in answers if fraction > 0) - 100) < 0.001, answers
        elif kind == "numerical":
            kind, answer = "number", answers[0][1]
        else:
            kind, answer = "truth", [a for fraction, a in answers if fraction == 100][0]
        result.append((category, kind, plain(q.find("questiontext/text").text), plain(q.find("generalfeedback/text").text),
                       options, answer))
    return result


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


def read_gift(text):
    """Marks count only where no backslash stands before them."""
    bare = r"(?:[^\\~=#{}:]|\\.)"
    result, category = [], None
    for block in re.split(r"\n\n+", text.strip()):
        if block.startswith("$CATEGORY: "):
            category = block.split("/")[-1]
            continue
        m = re.fullmatch(rf"::[^:]*::\[html\]({bare}*) \{{\n(.*)\n  ####({bare}*)\n\}}", block, re.S)
        assert m, "no question of GIFT:\n" + block
        body, options, answer = m[2].strip(), (), None
        if body in ("TRUE", "FALSE"):
            kind, answer = "truth", body.lower()
        elif body.startswith("#"):
            kind, answer = "number", body[1:]
        else:
            found = re.findall(rf"^  ([=~])(%-?[\d.]+%)?({bare}*)$", body and m[2], re.M)
            assert len(found) == m[2].count("\n") + 1, "options that are none:\n" + m[2]
            kind = "several" if found[0][1] else "one"
            options = tuple((mark == "=" or (bool(share) and not share.startswith("%-")), plain(unescape(o)))
                            for mark, share, o in found)
        result.append((category, kind, plain(unescape(m[1])), plain(unescape(m[3])), options, answer))
    return result


def main(multirank, lessons):
    for language in ("es", "en"):
        files = sorted(glob.glob(lessons + "/[0-9][0-9]-*/quiz.txt"))
        each = [read_file(path, language) for path in files]
        expected = [q for questions in each for q in questions]
        assert len(files) == 13 and min(map(len, each)) >= 4 and len(expected) >= 66, (len(files), len(expected))
        for name, read in (("moodle", read_moodle), ("gift", read_gift)):
            seen = read(subprocess.run([multirank, "quiz", "--folder", lessons, "--export", name, "--lang", language],
                                       check=True, capture_output=True, text=True).stdout)
            assert len(seen) == len(expected), f"{name}: {len(seen)} questions of {len(expected)}"
            for one, other in zip(expected, seen):
                assert one == other, f"{name}, {language}: expected\n{one}\nseen\n{other}"
            print(f"ok: {name}, {language}: {len(seen)} questions")


main(*sys.argv[1:])
