"""python -m zpmaint"""

from zpmaint.cli.main import main

main()
