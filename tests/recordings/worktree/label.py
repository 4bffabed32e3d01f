"""Draws the set again, with axes and a title."""
import argparse

import matplotlib.pyplot as plt
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--font", type=int, default=12)
parser.add_argument("--title", default="")
args = parser.parse_args()

plt.rcParams["font.size"] = args.font
grid = np.load("grid.npy")
figure, axes = plt.subplots(figsize=(8, 6))
axes.imshow(grid, extent=(-2.2, 0.8, -1.2, 1.2))
axes.set(xlabel="Re c", ylabel="Im c", title=args.title)
figure.savefig("output/set.png")
