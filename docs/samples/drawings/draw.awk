# Draws a sequence diagram of a few lines of text, as SVG that can be read on light and dark pages.
# Usage: awk -f draw.awk NAME.txt >NAME.svg; test/checks/drawings.sh does so for all of them.
#
#   columns pump-17 | broker           the first line: who takes part
#   1 > 2 | CONNECT "pump-17"          an arrow, by column; x instead of > is one that is lost, + one that is sent again
#   note 1 | the store has it          words beside a column
#   gap | the broker is away           a time without a connection
function escaped(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  gsub(/"/, "\\&quot;", text)
  return text
}
function words(x, y, anchor, class, text) {
  body = body sprintf("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor,
    class == "" ? "" : " class=\"" class "\"", escaped(text))
}
function line(x1, y1, x2, y2, class) {
  body = body sprintf("<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"%s\"/>\n", x1, y1, x2, y2, class)
}
function place(column) {
  return 110 + (column - 1) * 340
}
BEGIN { top = 44; y = top }
{
  bar = index($0, " | ")
  text = substr($0, bar + 3)
}
/^columns / {
  count = split(substr($0, 9), names, / *\| */)
  width = 220 + (count - 1) * 340
  for (i = 1; i <= count; i++) words(place(i), 26, "middle", "name", names[i])
  next
}
/^[0-9] [>x+] [0-9] / {
  y += 34
  from = place($1)
  to = place($3)
  step = to > from ? 1 : -1
  class = $2 == "x" ? "lost" : $2 == "+" ? "again" : "packet"
  end = $2 == "x" ? int((from + to) / 2) + 60 * step : to
  words(int((from + to) / 2), y - 6, "middle", class == "packet" ? "" : class " words", text)
  line(from, y, end, y, class)
  if ($2 == "x") {
    line(end - 5, y - 5, end + 5, y + 5, class)
    line(end - 5, y + 5, end + 5, y - 5, class)
  } else
    body = body sprintf("<path d=\"M%d %d l%d -4 v8 z\" class=\"%s\"/>\n", end, y, -9 * step, class " head")
  next
}
/^note [0-9] / {
  y += 26
  if ($2 == count) words(place($2) - 10, y, "end", "note", text)
  else words(place($2) + 10, y, "start", "note", text)
  next
}
/^gap / {
  y += 14
  body = body sprintf("<rect x=\"16\" y=\"%d\" width=\"%d\" height=\"26\" class=\"gap\"/>\n", y, width - 32)
  words(int(width / 2), y + 18, "middle", "lost words", text)
  y += 26
  next
}
/./ {
  print FILENAME ": cannot draw: " $0 >"/dev/stderr"
  exit 1
}
END {
  height = y + 24
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n", width, height, width, height
  print "<style>"
  print ".page { fill: #ffffff } text { font: 13px sans-serif; fill: #1f2328 } .name { font-weight: bold }"
  print ".note { font-style: italic; fill: #57606a } .life { stroke: #8c959f; stroke-dasharray: 3 3 }"
  print ".packet { stroke: #0969da } .packet.head { fill: #0969da } .lost { stroke: #cf222e; stroke-dasharray: 5 3 }"
  print ".again { stroke: #bc4c00 } .again.head { fill: #bc4c00 } .gap { fill: #ffebe9 }"
  print ".again.words { stroke: none; fill: #bc4c00 } .lost.words { stroke: none; fill: #cf222e }"
  print "@media (prefers-color-scheme: dark) {"
  print ".page { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 } .packet { stroke: #4493f8 }"
  print ".packet.head { fill: #4493f8 } .lost { stroke: #f85149 } .lost.words { fill: #f85149 } .gap { fill: #3d1417 }"
  print ".again { stroke: #db6d28 } .again.head, .again.words { fill: #db6d28 } }"
  print "</style>"
  printf "<rect width=\"%d\" height=\"%d\" class=\"page\"/>\n", width, height
  for (i = 1; i <= count; i++)
    printf "<line x1=\"%d\" y1=\"36\" x2=\"%d\" y2=\"%d\" class=\"life\"/>\n", place(i), place(i), height - 10
  printf "%s</svg>\n", body
}
